//! What attention is asked for beside queries, keys and values.

use super::PerSequence;
use crate::mesh_axes::MeshAxis;
use std::ops::Range;

/// How weights are made of the products of queries and keys: each product is multiplied by the scale, capped, and gets its bias;
/// of these scores the softmax is taken, beside the sink of the head; and its weights are multiplied by the factors. `A` is the
/// engine's array of numbers.
#[derive(Debug)]
pub struct AttentionOptions<'a, A: ?Sized> {
    /// What products are multiplied by.
    pub scale: f64,
    /// A score `x` becomes `cap · tanh(x / cap)`, for a cap above zero.
    pub soft_cap: Option<f64>,
    /// What is added to scores: its sizes, counted from the end, are those of `(batch, heads, queries, keys)`, or 1. Minus infinity
    /// forbids a pair as the mask does.
    pub bias: Option<&'a A>,
    /// For each head of the queries, `(heads)`, a score beside those of the keys, whose weight goes nowhere.
    pub sinks: Option<&'a A>,
    /// `(batch, heads, queries, keys)`, what weights are multiplied by: those of dropout.
    pub factors: Option<&'a A>,
}

impl<A: ?Sized> AttentionOptions<'_, A> {
    /// A scale, and nothing else.
    ///
    /// ```
    /// use congruent::{backend::AttentionOptions, cpu::Array};
    /// let options: AttentionOptions<Array<f32>> = AttentionOptions::scaled(0.125);
    /// assert!(options.scale == 0.125 && options.bias.is_none());
    /// ```
    pub fn scaled(scale: f64) -> Self {
        AttentionOptions { scale, soft_cap: None, bias: None, sinks: None, factors: None }
    }
}

impl<A: ?Sized> Clone for AttentionOptions<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A: ?Sized> Copy for AttentionOptions<'_, A> {}

/// How queries and keys of which each rank along an axis of a mesh has a part find each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcrossRanks {
    /// Keys and values go around the ring of the ranks along this axis.
    Ring(MeshAxis),
    /// Each rank along this axis gets all positions of a part of these key heads, and of the query heads that share them.
    AllToAll(MeshAxis, usize),
}

/// Which keys each query may attend to: those that every given part allows. `A` is the engine's array of `bool`.
#[derive(Clone, Debug)]
pub struct AttentionMask<A> {
    /// A query may attend to the keys up to its own.
    pub causal: bool,
    /// A query may attend to no more than so many keys up to its own: to those before them it may not.
    pub window: Option<usize>,
    /// For each sequence of the batch, which key is that of its first query. Where it is not given, the queries are the
    /// last keys.
    pub first_query: Option<PerSequence>,
    /// For each sequence of the batch, how many of its keys are valid.
    pub lengths: Option<PerSequence>,
    /// `(queries, keys)`, `(batch, queries, keys)`, or `(batch, heads, queries, keys)`, where batch and heads may be 1 in place of
    /// their number: true where attention is allowed.
    pub allowed: Option<A>,
    /// Whether other ranks of a mesh have other parts of the sequence, and how queries reach their keys: all else says then what
    /// the queries of all ranks may attend to. An engine without ranks is never told so.
    pub ranks: Option<AcrossRanks>,
}

// The derived one would ask that `A` has a default too.
impl<A> Default for AttentionMask<A> {
    fn default() -> Self {
        AttentionMask { causal: false, window: None, first_query: None, lengths: None, allowed: None, ranks: None }
    }
}

impl<A> AttentionMask<A> {
    /// Whether every query may attend to every key.
    ///
    /// ```
    /// use congruent::{backend::AttentionMask, cpu::Array};
    /// let full = AttentionMask::<Array<bool>>::default();
    /// assert!(full.is_full() && !AttentionMask { causal: true, ..full }.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        !self.causal && self.window.is_none() && self.lengths.is_none() && self.allowed.is_none()
    }

    /// Whether all parts but [`allowed`](Self::allowed) let every query attend to every key: as one new token does beside the
    /// cache of its sequence, or a batch without padding.
    ///
    /// ```
    /// use congruent::{backend::AttentionMask, cpu::Array};
    /// let causal = AttentionMask::<Array<bool>> { causal: true, ..AttentionMask::default() };
    /// // One new token beside the cache, and two.
    /// assert!(causal.restricts_nothing(1, [1, 5]) && !causal.restricts_nothing(1, [2, 5]));
    /// ```
    pub fn restricts_nothing(&self, batch: usize, [queries, keys]: [usize; 2]) -> bool {
        // Of the first query the keys end first, of the last one they begin last.
        let at_ends =
            |sequence| [0, queries.saturating_sub(1)].map(|query| self.range(sequence, query, [queries, keys]));
        queries == 0 || (0..batch).all(|sequence| at_ends(sequence).into_iter().all(|range| range == (0..keys)))
    }

    /// The keys of a sequence that a query may attend to, as far as all parts but [`allowed`](Self::allowed) say, of so many
    /// queries and keys.
    ///
    /// ```
    /// use congruent::{backend::AttentionMask, cpu::Array};
    /// let mask = AttentionMask::<Array<bool>> { causal: true, window: Some(2), ..AttentionMask::default() };
    /// assert_eq!([0, 1, 2].map(|query| mask.range(0, query, [3, 3])), [0..1, 0..2, 1..3]);
    /// ```
    pub fn range(&self, sequence: usize, query: usize, [queries, keys]: [usize; 2]) -> Range<usize> {
        let valid = self.lengths.as_ref().map_or(keys, |lengths| lengths[sequence].min(keys));
        if !self.causal && self.window.is_none() {
            return 0..valid;
        }
        let first = self.first_query.as_ref().map_or_else(|| keys - queries, |first| first[sequence]);
        // Behind the query's own key.
        let own = first.saturating_add(query + 1);
        let end = if self.causal { valid.min(own) } else { valid };
        self.window.map_or(0, |window| own.saturating_sub(window)).min(end)..end
    }
}
