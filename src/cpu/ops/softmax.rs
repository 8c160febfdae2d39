//! Softmax along an axis, and over the valid keys of attention scores.

use super::elementwise::rows_of_chunk;
use super::key_mask::Mask;
use super::scores::{Options, Scores};
use crate::backend::Float;
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, calculate, generic};

/// `f` on the rows along `axis`, a few at a time, with their size.
fn rows<T: Float>(x: Array<T>, axis: usize, f: impl Fn(InOut<'_, T::Wide>, usize) + Sync) -> Array<T> {
    let (rank, size) = (x.sizes().len(), x.sizes()[axis]);
    let moved = if axis + 1 == rank { x } else { x.move_last(axis) };
    let chunk = size * rows_of_chunk(size);
    let out = moved.transform(chunk, chunk * 16, |_, rows| calculate(rows, |rows| f(rows, size)));
    if axis + 1 == rank { out } else { out.move_last_to(axis) }
}

pub fn softmax<T: Float>(x: Array<T>, axis: usize) -> Array<T> {
    rows(x, axis, generic::softmax)
}

pub fn log_softmax<T: Float>(x: Array<T>, axis: usize) -> Array<T> {
    rows(x, axis, generic::log_softmax)
}

pub fn masked_softmax<T: Float>(scores: Array<T>, mask: &Mask) -> Array<T> {
    let &[batch, heads, queries, keys] = scores.sizes() else { panic!("scores are (batch, heads, queries, keys)") };
    let of_mask = Scores::new(mask, Options::<T>::scaled(1.0), [batch, heads, queries, keys]);
    let rows = rows_of_chunk(keys);
    scores.transform(rows * keys, rows * keys * 16, |chunk, scores| {
        calculate(scores, |scores| {
            for (row, scores) in (chunk * rows..).zip(scores.chunks(keys)) {
                let place = [row / queries / heads, row / queries % heads, row % queries];
                of_mask.softmax(place, 0, scores.copied());
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::super::reduce;
    use super::*;
    use crate::cpu::testing::{assert_near, random};

    #[test]
    fn softmax_agrees_with_its_definition() {
        let x = random::<f64>(&[3, 4, 5], 1);
        for axis in 0..3 {
            let sums = reduce::reduce(crate::backend::Reduce::Sum, &softmax(x.clone(), axis), axis);
            assert_near(&sums, &vec![1.0; sums.elements().len()], 1e-12);
            let logs: Vec<f64> = softmax(x.clone(), axis).elements().iter().map(|x| x.ln()).collect();
            assert_near(&log_softmax(x.clone(), axis), &logs, 1e-12);
        }
        let row: Vec<f64> = x.elements()[..5].iter().map(|x| x.exp()).collect();
        let expected: Vec<f64> = row.iter().map(|x| x / row.iter().sum::<f64>()).collect();
        assert_near(&softmax(x.narrow(0, 0, 1).narrow(1, 0, 1), 2), &expected, 1e-12);
    }

    #[test]
    fn large_scores_do_not_overflow() {
        let x = Array::from_vec(vec![1e30f32, 1e30, -1e30], &[3]);
        assert_eq!(*softmax(x.clone(), 0).elements(), [0.5, 0.5, 0.0]);
        assert_near(&log_softmax(Array::from_vec(vec![1e8f32, 1e8], &[2]), 0), &[-(2f64.ln()); 2], 1e-6);
        assert_eq!(softmax(Array::<f32>::from_vec(vec![], &[2, 0]), 1).sizes(), [2, 0]);
    }
}
