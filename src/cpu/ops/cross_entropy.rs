//! Cross-entropy of rows of logits and their targets; the log-probabilities are not materialised.

use super::elementwise::rows_of_chunk;
use crate::backend::{Float, Real};
use crate::cpu::array::Array;
use crate::cpu::kernels::{all_widened, generic, sum, write};
use crate::cpu::parallel::for_each_chunk;

/// `(1 - smoothing) · (l - x[target]) + smoothing · (l - mean(x))` of each row, where `l` is the logarithm of the sum of
/// `exp(x)`: the row maximum and a remainder. The maximum is subtracted first, as added to the remainder it would swallow its digits.
pub fn cross_entropy<T: Float>(x: &Array<T>, targets: &[usize], smoothing: f64) -> Array<T> {
    let Some((&size, sizes)) = x.sizes().split_last() else { panic!("logits have a last axis") };
    assert!(targets.iter().all(|&target| target < size), "a target is one of the row");
    let (elements, rows) = (x.elements(), rows_of_chunk(size));
    let [target_weight, uniform_weight] = [1.0 - smoothing, smoothing].map(T::Wide::constant);
    let count = T::Wide::constant(size as f64);
    Array::build(sizes, |losses| {
        for_each_chunk(losses, rows, rows * size * 16, |chunk, losses| {
            let first = chunk * rows;
            let x = all_widened(&elements[first * size..][..losses.len() * size]);
            let mut log_sums = vec![[T::Wide::constant(0.0); 2]; losses.len()];
            generic::log_sums(&x, size, &mut log_sums);
            write(losses, |losses| {
                for (row, (loss, [largest, log])) in losses.iter_mut().zip(log_sums).enumerate() {
                    let x = &x[row * size..][..size];
                    let target_loss = largest - x[targets[first + row]] + log;
                    // A logit of -∞ counts only in the mean, which is needed only with smoothing.
                    *loss = match smoothing {
                        0.0 => target_loss,
                        _ => target_weight * target_loss + uniform_weight * (largest - sum(x, |x| x) / count + log),
                    };
                }
            });
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::testing::{assert_near, random};

    #[test]
    fn cross_entropy_agrees_with_its_definition() {
        let sizes = [(1, 1), (3, 7), (9, 84), (2, 3000)];
        for (rows, size) in sizes.into_iter().filter(|(_, size)| !cfg!(miri) || *size < 100) {
            let x = random::<f64>(&[rows, size], 1);
            let targets: Vec<usize> = (0..rows).map(|row| (row * 31 + 5) % size).collect();
            for smoothing in [0.0, 0.1, 1.0] {
                let loss = |(row, &target): (&[f64], &usize)| {
                    let log = row.iter().map(|x| x.exp()).sum::<f64>().ln();
                    let mean = row.iter().sum::<f64>() / size as f64;
                    log - (1.0 - smoothing) * row[target] - smoothing * mean
                };
                let expected: Vec<f64> = x.elements().chunks(size).zip(&targets).map(loss).collect();
                assert_near(&cross_entropy(&x, &targets, smoothing), &expected, 1e-12);
                let narrow = Array::collect(x.sizes(), x.elements().iter().map(|&x| x as f32));
                assert_near(&cross_entropy(&narrow, &targets, smoothing), &expected, 1e-6);
            }
        }
        assert_eq!(cross_entropy(&Array::<f32>::from_vec(vec![], &[0, 5]), &[], 0.0).sizes(), [0]);
    }

    #[test]
    fn logits_may_be_large_or_none_at_all() {
        let x = Array::from_vec(vec![1e30f32, 1e30, -1e30, f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY], &[2, 3]);
        assert_near(&cross_entropy(&x, &[0, 1], 0.0), &[2f64.ln(), 0.0], 1e-6);
        assert_eq!(*cross_entropy(&x, &[2, 0], 0.0).elements(), [2e30, f32::INFINITY]);
    }
}
