//! Normalisation of the last axis.

use super::array::Array;
use super::parallel::map_chunks;
use crate::backend::{Float, Real};

/// `f` on each row and the weight.
fn rows<T: Float>(x: &Array<T>, weight: &Array<T>, f: impl Fn(&mut [T::Wide], &[T::Wide]) + Sync) -> Array<T> {
    let size = *x.sizes().last().expect("a last axis");
    assert_eq!(weight.sizes(), [size], "a weight for each element of a row");
    let weight_elements = weight.elements();
    let weight = T::all_widened(&weight_elements);
    let elements = x.elements();
    let out = map_chunks(T::all_widened(&elements), size, size * 4, |_, row| f(row, &weight));
    Array::from_vec(T::all_rounded(out), x.sizes())
}

pub fn layer_norm<T: Float>(x: &Array<T>, weight: &Array<T>, bias: Option<&Array<T>>, epsilon: f64) -> Array<T> {
    let bias = bias.map(|bias| T::all_widened(&bias.elements()).into_owned());
    rows(x, weight, |row, weight| T::Wide::norm(row, weight, bias.as_deref(), epsilon, true))
}

pub fn rms_norm<T: Float>(x: &Array<T>, weight: &Array<T>, epsilon: f64) -> Array<T> {
    rows(x, weight, |row, weight| T::Wide::norm(row, weight, None, epsilon, false))
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
