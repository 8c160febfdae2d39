//! Which keys a query may attend to.

use crate::backend::{AttentionMask, Real};
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, generic};
use std::borrow::Cow;
use std::ops::Range;

/// Which keys a query may attend to: a range of them, and of these the allowed ones.
pub struct LiveKeys<'a> {
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

impl<'a> LiveKeys<'a> {
    pub fn new(mask: &'a AttentionMask, batch: usize, queries: usize, keys: usize) -> Self {
        let AttentionMask { causal, window, first_query, lengths, allowed } = mask;
        let has_places = *causal || window.is_some();
        assert!(!has_places || first_query.is_some() || keys >= queries, "the queries are the last of the keys");
        let of_batch = |x: &Option<std::sync::Arc<[usize]>>| x.as_ref().is_none_or(|x| x.len() == batch);
        assert!(of_batch(lengths) && of_batch(first_query), "a number for each sequence of the batch");
        let allowed_has_batch = allowed.as_ref().is_some_and(|allowed| allowed.sizes().len() == 3);
        if let Some(allowed) = allowed {
            let sizes = [batch, queries, keys];
            assert_eq!(allowed.sizes(), &sizes[!allowed_has_batch as usize..], "a mask for each query and key");
        }
        LiveKeys {
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

    /// How many keys a sequence of the batch has, without its padding.
    pub fn keys_of(&self, batch: usize) -> usize {
        self.lengths.map_or(self.keys, |lengths| lengths[batch].min(self.keys))
    }

    /// The keys that the query may attend to, if none of them is excluded.
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

    /// The keys from the first to the last one that some of these queries may attend to, and up to three before them: keys that
    /// kernels take four at a time are the same four, whatever the queries beside.
    pub fn range_of_all(&self, batch: usize, queries: Range<usize>) -> Range<usize> {
        let ranges = queries.map(|query| self.range(batch, query));
        let (start, end) = ranges.fold((usize::MAX, 0), |(start, end), one| (start.min(one.start), end.max(one.end)));
        if start >= end || self.queries == 1 { start.min(end)..end } else { start - start % 4..end }
    }

    /// For each of these queries, a row that says for each of the keys, and perhaps for others after them, whether the query
    /// may attend to it, unless it is after the last one of its [`range`](Self::range). The keys are those of
    /// [`range_of_all`](Self::range_of_all). There are no rows if every query may: which kernels run is decided by that, and so
    /// it is the same for all queries of a sequence.
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

    /// The rows of the mask for these queries, which there is.
    fn given(&self, batch: usize, queries: Range<usize>) -> &[bool] {
        let first = if self.allowed_has_batch { batch * self.queries } else { 0 };
        let rows = (first + queries.start) * self.keys..(first + queries.end) * self.keys;
        &self.allowed.as_deref().unwrap_or_default()[rows]
    }

    /// Softmax over the live keys of a row of scores, zeros elsewhere. The row begins with this key, and may end before the
    /// last one.
    pub fn softmax<T: Real>(&self, batch: usize, query: usize, first_key: usize, row: &mut [T]) {
        let range = self.range(batch, query);
        let (before, row) = row.split_at_mut(range.start - first_key);
        let (live, after) = row.split_at_mut(range.len());
        before.fill(T::zero());
        after.fill(T::zero());
        let count = live.len();
        let Some(allowed) = self.allowed_of(batch, query) else {
            return generic::softmax(InOut::in_place(live), count);
        };
        if allowed.contains(&true) {
            let mask = |row: &mut [T], value| {
                row.iter_mut().zip(allowed).filter(|(_, allowed)| !**allowed).for_each(|(x, _)| *x = value);
            };
            mask(live, T::neg_infinity());
            generic::softmax(InOut::in_place(live), count);
            mask(live, T::zero());
        } else {
            live.fill(T::zero());
        }
    }
}
