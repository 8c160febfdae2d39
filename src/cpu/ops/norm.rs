//! Normalisation of the last axis.

use super::elementwise::rows_of_chunk;
use crate::backend::Float;
use crate::cpu::array::Array;
use crate::cpu::kernels::{all_widened, calculate, generic};

fn norm<T: Float>(x: Array<T>, weight: &Array<T>, bias: Option<&Array<T>>, epsilon: f64, centered: bool) -> Array<T> {
    let size = *x.sizes().last().expect("a last axis");
    assert!(weight.sizes() == [size] && bias.is_none_or(|bias| bias.sizes() == [size]), "a weight for each element");
    let (weight, bias) = (weight.elements(), bias.map(Array::elements));
    let (weight, bias) = (all_widened(&weight), bias.as_deref().map(all_widened));
    let chunk = size * rows_of_chunk(size);
    x.transform(chunk, chunk * 4, |_, rows| {
        calculate(rows, |rows| generic::norm(rows, &weight, bias.as_deref(), epsilon, centered));
    })
}

pub fn layer_norm<T: Float>(x: Array<T>, weight: &Array<T>, bias: Option<&Array<T>>, epsilon: f64) -> Array<T> {
    norm(x, weight, bias, epsilon, true)
}

pub fn rms_norm<T: Float>(x: Array<T>, weight: &Array<T>, epsilon: f64) -> Array<T> {
    norm(x, weight, None, epsilon, false)
}

#[cfg(test)]
mod tests {
    use super::super::reduce::reduce;
    use super::*;
    use crate::backend::{Autodiff, Backend, Reduce, Value};
    use crate::cpu::Cpu;
    use crate::cpu::testing::{assert_near, random};
    use num_traits::Float as _;

    #[test]
    fn norms_agree_with_their_definitions() {
        let (x, weight, bias) = (random::<f64>(&[3, 2, 10], 1), random::<f64>(&[10], 2), random::<f64>(&[10], 3));
        let (w, b) = (weight.elements(), bias.elements());
        let normed = |row: &[f64], center: f64, bias: f64| -> Vec<f64> {
            let scale = (row.iter().map(|x| (x - center).powi(2)).sum::<f64>() / 10.0 + 1e-5).sqrt();
            row.iter().enumerate().map(|(i, x)| (x - center) / scale * w[i] + bias * b[i]).collect()
        };
        let mean = |row: &[f64]| row.iter().sum::<f64>() / 10.0;
        let expected: Vec<f64> = x.elements().chunks(10).flat_map(|row| normed(row, mean(row), 1.0)).collect();
        assert_near(&layer_norm(x.clone(), &weight, Some(&bias), 1e-5), &expected, 1e-12);
        let expected: Vec<f64> = x.elements().chunks(10).flat_map(|row| normed(row, 0.0, 0.0)).collect();
        assert_near(&rms_norm(x.clone(), &weight, 1e-5), &expected, 1e-12);
        assert_eq!(layer_norm(x.narrow(0, 0, 0), &weight, None, 1e-5).sizes(), [0, 2, 10]);
    }

    fn of_a_constant_row_nothing_is_left<T: Float + std::fmt::Debug>() {
        for size in [1, 17, 384, 4097].into_iter().filter(|size| !cfg!(miri) || *size < 20) {
            for number in [0.0, 1000.1, -12345.678, 1e10, 1e30].into_iter().skip(if cfg!(miri) { 2 } else { 0 }) {
                let x = Array::full(T::from_value(Value::Float(number)), &[3, size]);
                if !x.elements()[0].widened().is_finite() {
                    continue;
                }
                let (weight, bias) = (random::<T>(&[size], 1), random::<T>(&[size], 2));
                let found = layer_norm(x.clone(), &weight, Some(&bias), 1e-5);
                assert_eq!(found.elements()[2 * size..], *bias.elements(), "{number}, {size} times");
                for axis in [0, 1] {
                    // Along the columns too.
                    let found = reduce(Reduce::Variance, &x, axis);
                    assert!(found.elements().iter().all(|x| *x == T::zero()), "{number}, {size} times");
                    let x = Cpu::<T>::track(x.clone());
                    let mut y = Cpu::<T>::reduce(Reduce::Variance, &x, axis);
                    y = Cpu::<T>::reduce(Reduce::Sum, &y, 0);
                    let gradient = Cpu::<T>::gradient(&Cpu::<T>::backward(y), &x).unwrap();
                    assert!(gradient.elements().iter().all(|x| *x == T::zero()), "{number}, {size} times");
                }
            }
        }
    }

    #[test]
    fn of_a_constant_row_nothing_is_left_whatever_its_size() {
        of_a_constant_row_nothing_is_left::<f32>();
        of_a_constant_row_nothing_is_left::<f64>();
        of_a_constant_row_nothing_is_left::<half::f16>();
        of_a_constant_row_nothing_is_left::<half::bf16>();
    }
}
