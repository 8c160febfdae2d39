//! Normalisation of the last axis.

use super::array::Array;
use super::parallel::for_each_chunk;
use super::reduce::sum;
use crate::backend::{Float, Real};
use num_traits::Float as _;

/// `f` on each row and the weight.
fn rows<T: Float>(x: &Array<T>, weight: &Array<T>, f: impl Fn(&mut [T::Wide], &[T::Wide]) + Sync) -> Array<T> {
    let size = *x.sizes().last().expect("a last axis");
    assert_eq!(weight.sizes(), [size], "a weight for each element of a row");
    let weight_elements = weight.elements();
    let weight = T::all_widened(&weight_elements);
    let mut out = T::all_widened(&x.elements()).into_owned();
    for_each_chunk(&mut out, size, size * 4, |_, row| f(row, &weight));
    Array::from_vec(T::all_rounded(out), x.sizes())
}

pub fn layer_norm<T: Float>(x: &Array<T>, weight: &Array<T>, bias: Option<&Array<T>>, epsilon: f64) -> Array<T> {
    let epsilon = <T::Wide as Real>::constant(epsilon);
    let bias = match bias {
        Some(bias) => T::all_widened(&bias.elements()).into_owned(),
        None => vec![num_traits::zero(); weight.sizes()[0]],
    };
    rows(x, weight, |row, weight| {
        let count = <T::Wide as Real>::constant(row.len() as f64);
        let mean = sum(row, |x| x) / count;
        let variance = sum(row, |x| (x - mean) * (x - mean)) / count;
        let scale = (variance + epsilon).sqrt().recip();
        row.iter_mut().zip(weight).zip(&bias).for_each(|((x, &w), &b)| *x = (*x - mean) * scale * w + b);
    })
}

pub fn rms_norm<T: Float>(x: &Array<T>, weight: &Array<T>, epsilon: f64) -> Array<T> {
    let epsilon = <T::Wide as Real>::constant(epsilon);
    rows(x, weight, |row, weight| {
        let count = <T::Wide as Real>::constant(row.len() as f64);
        let scale = (sum(row, |x| x * x) / count + epsilon).sqrt().recip();
        row.iter_mut().zip(weight).for_each(|(x, &w)| *x = *x * scale * w);
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_near, random};
    use super::*;

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
        assert_near(&layer_norm(&x, &weight, Some(&bias), 1e-5), &expected, 1e-12);
        let expected: Vec<f64> = x.elements().chunks(10).flat_map(|row| normed(row, 0.0, 0.0)).collect();
        assert_near(&rms_norm(&x, &weight, 1e-5), &expected, 1e-12);
        assert_eq!(layer_norm(&x.narrow(0, 0, 0), &weight, None, 1e-5).sizes(), [0, 2, 10]);
    }
}
