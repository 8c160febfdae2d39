//! Attention masks: the valid keys of each query.

use crate::backend::{AttentionMask, PerSequence};
use crate::cpu::array::Array;
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
    /// From one sequence to the next, and from one head to the next.
    allowed_strides: [usize; 2],
    queries: usize,
    keys: usize,
}

impl<'a> KeyMask<'a> {
    pub fn new(mask: &'a Mask, [batch, heads, queries, keys]: [usize; 4]) -> Self {
        let Mask { causal, window, first_query, lengths, allowed, ranks } = mask;
        assert!(ranks.is_none(), "the processor has all keys, and no other ranks");
        let has_places = *causal || window.is_some();
        assert!(!has_places || first_query.is_some() || keys >= queries, "the queries are the last of the keys");
        let of_batch = |x: &Option<PerSequence>| x.as_ref().is_none_or(|x| x.len() == batch);
        assert!(of_batch(lengths) && of_batch(first_query), "a number for each sequence of the batch");
        let mut allowed_strides = [0; 2];
        if let Some(allowed) = allowed {
            let sizes: [usize; 4] = match *allowed.sizes() {
                [queries, keys] => [1, 1, queries, keys],
                [batch, queries, keys] => [batch, 1, queries, keys],
                [batch, heads, queries, keys] => [batch, heads, queries, keys],
                _ => panic!("a mask has two to four axes"),
            };
            let fits = |axis: usize| sizes[axis] == [batch, heads][axis] || sizes[axis] == 1;
            assert!(fits(0) && fits(1) && sizes[2..] == [queries, keys], "a mask of sizes {sizes:?}");
            let row = queries * keys;
            allowed_strides = [(sizes[0] > 1, sizes[1] * row), (sizes[1] > 1, row)]
                .map(|(many, stride)| if many { stride } else { 0 });
        }
        KeyMask {
            causal: *causal,
            window: *window,
            first_query: first_query.as_deref(),
            lengths: lengths.as_deref(),
            allowed: allowed.as_ref().map(Array::elements),
            allowed_strides,
            queries,
            keys,
        }
    }

    /// The number of keys of a sequence of the batch, without padding.
    pub fn keys_of(&self, batch: usize) -> usize {
        self.lengths.map_or(self.keys, |lengths| lengths[batch].min(self.keys))
    }

    /// The range of keys that the query may attend to: causal mask, window and length, without the mask of pairs.
    #[inline]
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
        if queries.is_empty() {
            return 0..0;
        }
        // Neither decreases from one query to the next.
        let (start, end) = (self.range(batch, queries.start).start, self.range(batch, queries.end - 1).end);
        if start >= end || self.queries == 1 { start.min(end)..end } else { start - start % 4..end }
    }

    /// Whether heads have masks of their own.
    pub fn is_of_heads(&self) -> bool {
        self.allowed_strides[1] > 0
    }

    /// A row of the mask for each of these queries, and if heads have masks of their own, for each of these heads of a query; over
    /// the keys of [`range_of_all`](Self::range_of_all), and perhaps over others after them. Keys after the end of a query's own
    /// [`range`](Self::range) may be true. None if no key before that is masked; kernels are chosen by it, so it is the same for
    /// all queries of a sequence.
    pub fn allowed(
        &self,
        batch: usize,
        heads: Range<usize>,
        queries: Range<usize>,
        keys: Range<usize>,
    ) -> Option<Cow<'_, [bool]>> {
        let heads = if self.is_of_heads() { heads } else { heads.start..heads.start + 1 };
        let given = |head, queries| self.allowed.as_ref().map(|_| self.given([batch, head], queries));
        let same_start = self.window.is_none() || self.queries == 1;
        match given(heads.start, queries.clone()) {
            None if same_start => None,
            Some(given) if same_start && keys.start == 0 && heads.len() == 1 => Some(given.into()),
            _ => {
                let of_row = |(query, head)| {
                    let (start, given) = (self.range(batch, query).start, given(head, query..query + 1));
                    keys.clone().map(move |key| key >= start && given.is_none_or(|given| given[key]))
                };
                let rows = queries.flat_map(|query| heads.clone().map(move |head| (query, head)));
                Some(rows.flat_map(of_row).collect())
            }
        }
    }

    /// For each key of the [`range`](Self::range) of a query of a head, whether it is allowed, if some may not be.
    pub fn allowed_of(&self, [batch, head, query]: [usize; 3]) -> Option<&[bool]> {
        self.allowed.as_ref().map(|_| &self.given([batch, head], query..query + 1)[self.range(batch, query)])
    }

    /// The rows of the given mask of pairs for these queries; there is one.
    fn given(&self, place: [usize; 2], queries: Range<usize>) -> &[bool] {
        let first = place.iter().zip(self.allowed_strides).map(|(at, stride)| at * stride).sum::<usize>();
        let rows = first + queries.start * self.keys..first + queries.end * self.keys;
        &self.allowed.as_deref().unwrap_or_default()[rows]
    }
}
