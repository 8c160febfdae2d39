//! Which keys a query may attend to.

use super::array::Array;
use super::in_out::InOut;
use crate::backend::{AttentionMask, Real};
use std::borrow::Cow;

/// Which keys a query may attend to: the first so many, and of these the allowed ones.
pub struct LiveKeys<'a> {
    /// Whether later queries may attend to more keys.
    pub causal: bool,
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
