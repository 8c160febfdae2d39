//! Attention masks: the valid keys of each query.

use crate::backend::{AttentionMask, PerSequence, Real};
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, generic};
use std::borrow::Cow;
use std::ops::Range;

/// The masks of the processor.
pub type Mask = AttentionMask<Array<bool>>;

/// The valid keys of each query: a range of keys, and within it those that the mask allows.
pub struct KeyMask<'a> {
    /// Whether later queries may attend to more keys.
    pub causal: bool,
    window: Option<usize>,
    first_query: Option<&'a [usize]>,
    lengths: Option<&'a [usize]>,
    allowed: Option<Cow<'a, [bool]>>,
    allowed_has_batch: bool,
    queries: usize,
    keys: usize,
}

impl<'a> KeyMask<'a> {
    pub fn new(mask: &'a Mask, batch: usize, queries: usize, keys: usize) -> Self {
        let Mask { causal, window, first_query, lengths, allowed } = mask;
        let has_places = *causal || window.is_some();
        assert!(!has_places || first_query.is_some() || keys >= queries, "the queries are the last of the keys");
        let of_batch = |x: &Option<PerSequence>| x.as_ref().is_none_or(|x| x.len() == batch);
        assert!(of_batch(lengths) && of_batch(first_query), "a number for each sequence of the batch");
        let allowed_has_batch = allowed.as_ref().is_some_and(|allowed| allowed.sizes().len() == 3);
        if let Some(allowed) = allowed {
            let sizes = [batch, queries, keys];
            assert_eq!(allowed.sizes(), &sizes[!allowed_has_batch as usize..], "a mask for each query and key");
        }
        KeyMask {
            causal: *causal,
            window: *window,
            first_query: first_query.as_deref(),
            lengths: lengths.as_deref(),
            allowed: allowed.as_ref().map(Array::elements),
            allowed_has_batch,
            queries,
            keys,
        }
    }

    /// The number of keys of a sequence of the batch, without padding.
    pub fn keys_of(&self, batch: usize) -> usize {
        self.lengths.map_or(self.keys, |lengths| lengths[batch].min(self.keys))
    }

    /// The range of keys that the query may attend to: causal mask, window and length, without the mask of pairs.
    pub fn range(&self, batch: usize, query: usize) -> Range<usize> {
        let mut end = self.keys_of(batch);
        if !self.causal && self.window.is_none() {
            return 0..end;
        }
        // Behind the query's own key.
        let first = self.first_query.map_or_else(|| self.keys - self.queries, |first| first[batch]);
        let own = first.saturating_add(query + 1);
        if self.causal {
            end = end.min(own);
        }
        let start = self.window.map_or(0, |window| own.saturating_sub(window));
        start.min(end)..end
    }

    /// The smallest range of keys that covers the ranges of these queries, with its start rounded down to a multiple of four:
    /// kernels take four keys at a time, and these groups must not depend on which queries share a call.
    pub fn range_of_all(&self, batch: usize, queries: Range<usize>) -> Range<usize> {
        let ranges = queries.map(|query| self.range(batch, query));
        let (start, end) = ranges.fold((usize::MAX, 0), |(start, end), one| (start.min(one.start), end.max(one.end)));
        if start >= end || self.queries == 1 { start.min(end)..end } else { start - start % 4..end }
    }

    /// A row of the mask for each of these queries over the keys of [`range_of_all`](Self::range_of_all), and perhaps over
    /// others after them. Keys after the end of a query's own [`range`](Self::range) may be true. None if no key before that is
    /// masked; kernels are chosen by it, so it is the same for all queries of a sequence.
    pub fn allowed(&self, batch: usize, queries: Range<usize>, keys: Range<usize>) -> Option<Cow<'_, [bool]>> {
        let given = self.allowed.as_ref().map(|_| self.given(batch, queries.clone()));
        let same_start = self.window.is_none() || self.queries == 1;
        match given {
            None if same_start => None,
            Some(given) if same_start && keys.start == 0 => Some(given.into()),
            _ => {
                let of_query = |query| {
                    let (start, row) = (self.range(batch, query).start, (query - queries.start) * self.keys);
                    keys.clone().map(move |key| key >= start && given.is_none_or(|given| given[row + key]))
                };
                Some(queries.clone().flat_map(of_query).collect())
            }
        }
    }

    /// For each key of the [`range`](Self::range) of a query, whether it is allowed, if some may not be.
    pub fn allowed_of(&self, batch: usize, query: usize) -> Option<&[bool]> {
        self.allowed.as_ref().map(|_| &self.given(batch, query..query + 1)[self.range(batch, query)])
    }

    /// The rows of the given mask of pairs for these queries; there is one.
    fn given(&self, batch: usize, queries: Range<usize>) -> &[bool] {
        let first = if self.allowed_has_batch { batch * self.queries } else { 0 };
        let rows = (first + queries.start) * self.keys..(first + queries.end) * self.keys;
        &self.allowed.as_deref().unwrap_or_default()[rows]
    }

    /// Softmax over the valid keys of a row of scores, zeros elsewhere. The row begins with `first_key`, and may end before the
    /// last key.
    pub fn softmax<T: Real>(&self, batch: usize, query: usize, first_key: usize, row: &mut [T]) {
        let range = self.range(batch, query);
        let (before, row) = row.split_at_mut(range.start - first_key);
        let (valid, after) = row.split_at_mut(range.len());
        before.fill(T::zero());
        after.fill(T::zero());
        let count = valid.len();
        let Some(allowed) = self.allowed_of(batch, query) else {
            return generic::softmax(InOut::in_place(valid), count);
        };
        if allowed.contains(&true) {
            let mask = |row: &mut [T], value| {
                row.iter_mut().zip(allowed).filter(|(_, allowed)| !**allowed).for_each(|(x, _)| *x = value);
            };
            mask(valid, T::neg_infinity());
            generic::softmax(InOut::in_place(valid), count);
            mask(valid, T::zero());
        } else {
            valid.fill(T::zero());
        }
    }
}
