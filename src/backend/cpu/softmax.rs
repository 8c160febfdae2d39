//! Softmax along an axis, and over the pairs that a mask allows.

use super::array::Array;
use super::elementwise::rows_of_chunk;
use super::in_out::InOut;
use crate::backend::{AttentionMask, Float, Real};
use std::borrow::Cow;

/// `f` on the rows along `axis`, a few at a time, with their size.
fn rows<T: Float>(x: Array<T>, axis: usize, f: impl Fn(InOut<'_, T::Wide>, usize) + Sync) -> Array<T> {
    let (rank, size) = (x.sizes().len(), x.sizes()[axis]);
    let moved = if axis + 1 == rank { x } else { x.move_last(axis) };
    let chunk = size * rows_of_chunk(size);
    let out = moved.transform(chunk, chunk * 16, |_, rows| T::calculate(rows, |rows| f(rows, size)));
    if axis + 1 == rank {
        return out;
    }
    let mut back: Vec<usize> = (0..rank - 1).collect();
    back.insert(axis, rank - 1);
    out.permute(&back)
}

pub fn softmax<T: Float>(x: Array<T>, axis: usize) -> Array<T> {
    rows(x, axis, T::Wide::softmax)
}

pub fn log_softmax<T: Float>(x: Array<T>, axis: usize) -> Array<T> {
    rows(x, axis, T::Wide::log_softmax)
}

/// Which keys a query may attend to: the first so many, and of these the allowed ones.
pub struct LiveKeys<'a> {
    causal: bool,
    lengths: Option<&'a [usize]>,
    allowed: Option<Cow<'a, [bool]>>,
    allowed_has_batch: bool,
    queries: usize,
    keys: usize,
}

impl<'a> LiveKeys<'a> {
    pub fn new(mask: &'a AttentionMask, batch: usize, queries: usize, keys: usize) -> Self {
        assert!(!mask.causal || keys >= queries, "causal queries are the last of the keys");
        assert!(
            mask.lengths.as_ref().is_none_or(|lengths| lengths.len() == batch),
            "a length for each sequence of the batch"
        );
        let allowed_has_batch = mask.allowed.as_ref().is_some_and(|allowed| allowed.sizes().len() == 3);
        if let Some(allowed) = &mask.allowed {
            let sizes = [batch, queries, keys];
            assert_eq!(allowed.sizes(), &sizes[!allowed_has_batch as usize..], "a mask for each query and key");
        }
        let allowed = mask.allowed.as_ref().map(Array::elements);
        LiveKeys { causal: mask.causal, lengths: mask.lengths.as_deref(), allowed, allowed_has_batch, queries, keys }
    }

    /// How many of the first keys the query may attend to, if none of them is excluded.
    pub fn count(&self, batch: usize, query: usize) -> usize {
        let length = self.lengths.map_or(self.keys, |lengths| lengths[batch].min(self.keys));
        if self.causal { length.min(query + 1 + self.keys - self.queries) } else { length }
    }

    /// For each key, whether it is not excluded.
    pub fn allowed(&self, batch: usize, query: usize) -> Option<&[bool]> {
        self.allowed_block(batch, query, 1)
    }

    /// [`allowed`](Self::allowed) of so many queries from the first on, one after another.
    pub fn allowed_block(&self, batch: usize, first: usize, queries: usize) -> Option<&[bool]> {
        let row = if self.allowed_has_batch { batch * self.queries + first } else { first };
        self.allowed.as_ref().map(|allowed| &allowed[row * self.keys..(row + queries) * self.keys])
    }

    /// Softmax over the live keys of a row of scores, zeros elsewhere. The row may end before the last key.
    pub fn softmax<T: Real>(&self, batch: usize, query: usize, row: &mut [T]) {
        let count = self.count(batch, query);
        let (live, rest) = row.split_at_mut(count);
        rest.fill(T::zero());
        let Some(allowed) = self.allowed(batch, query) else {
            return T::softmax(InOut::in_place(live), count);
        };
        if allowed.iter().take(live.len()).any(|&allowed| allowed) {
            let mask = |row: &mut [T], value| {
                row.iter_mut().zip(allowed).filter(|(_, allowed)| !**allowed).for_each(|(x, _)| *x = value);
            };
            mask(live, T::neg_infinity());
            T::softmax(InOut::in_place(live), count);
            mask(live, T::zero());
        } else {
            live.fill(T::zero());
        }
    }
}

pub fn masked_softmax<T: Float>(scores: Array<T>, mask: &AttentionMask) -> Array<T> {
    let &[batch, heads, queries, keys] = scores.sizes() else { panic!("scores are (batch, heads, queries, keys)") };
    let live = LiveKeys::new(mask, batch, queries, keys);
    let rows = rows_of_chunk(keys);
    scores.transform(rows * keys, rows * keys * 16, |chunk, scores| {
        T::calculate(scores, |scores| {
            for (row, scores) in (chunk * rows..).zip(scores.chunks(keys)) {
                live.softmax(row / queries / heads, row % queries, scores.copied());
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::super::reduce;
    use super::super::tests::{assert_near, random};
    use super::*;

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
