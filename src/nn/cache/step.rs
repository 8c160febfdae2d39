//! What a step lends to the layers.

use super::KeyValueCache;
use super::counts::Counts;
use super::held::Held;
use crate::Error;
use crate::backend::{ArrayOf, AttentionMask, Backend, Engine, Float, MaskIn, constant};
use crate::cpu::Cpu;
use crate::dim::Dim;
use crate::mask::{Combine, Covers, OnEngine, Restrict, slopes_of};
use crate::sealed::Sealed;
use crate::shape::{Appends, Shape};
use crate::tensor::{Ids, Index, SameBackend, Tensor, TensorOf};
use std::marker::PhantomData;

/// A step of a [`KeyValueCache`]: what is new, `S` positions of each sequence, goes to every layer; the keys `K` are all
/// positions so far.
pub struct CacheStep<'c, B, H, D, P, S, K, Bk: Backend = Cpu<f32>> {
    pub(super) cache: &'c mut KeyValueCache<B, H, D, P, Bk>,
    pub(super) new: S,
    pub(super) keys: K,
    pub(super) counts: Counts<'c>,
    pub(super) mask: CacheMask<B, S, K>,
    pub(super) positions: TensorOf<(B, S), Index<P>, Bk>,
}

/// Keys and values: see [`CacheStep::append`].
pub type KeysAndValues<B, H, D, K, Bk> = (Tensor<(B, H, K, D), Bk>, Tensor<(B, H, K, D), Bk>);

impl<B: Dim, H: Dim, D: Dim, P: Dim, S: Dim, K: Dim, Bk: Backend<Elem: Float>> CacheStep<'_, B, H, D, P, S, K, Bk> {
    /// Takes the keys and values of a layer for what is new, `(B, H, S, D)`, and gives those of all positions so far.
    ///
    /// They are to be dropped before the next step: what is appended while they live is a copy.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::KeyValueCache;
    /// dims! { Batch = 1; Heads = 1; HeadDim = 1; Positions = 512; New = 1; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let all = [1.0, 2.0].map(|x| {
    ///     let x = Tensor::full((Batch, Heads, New, HeadDim), x);
    ///     cache.step(New, |step| step.append(0, &x, &x).0.to_vec()).unwrap()
    /// });
    /// assert_eq!(all, [vec![1.0], vec![1.0, 2.0]]);
    /// ```
    ///
    /// # Panics
    /// The cache has no such layer, or this step has appended to it before.
    pub fn append<X, Y>(
        &mut self,
        layer: usize,
        keys: &Tensor<X, impl SameBackend<Bk>>,
        values: &Tensor<Y, impl SameBackend<Bk>>,
    ) -> KeysAndValues<B, H, D, K, Bk>
    where
        X: Appends<Y, B, H, S, D>,
        Y: Shape,
    {
        self.append_arrays(layer, [keys.array(), values.array()])
    }

    /// As [`append`](Self::append), for a layer whose backend is known to be that of the cache.
    pub(in crate::nn) fn append_to<C: Backend<Elem = Bk::Elem, Engine = Bk::Engine>>(
        &mut self,
        layer: usize,
        (keys, values): KeysAndValues<B, H, D, S, C>,
    ) -> KeysAndValues<B, H, D, K, C> {
        self.append_arrays(layer, [keys.array(), values.array()])
    }

    fn append_arrays<C: Backend<Elem = Bk::Elem, Engine = Bk::Engine>>(
        &mut self,
        layer: usize,
        [keys, values]: [&ArrayOf<Bk>; 2],
    ) -> KeysAndValues<B, H, D, K, C> {
        let cache = &mut *self.cache;
        let layers = cache.layers.len();
        assert!(layer < layers, "layer {layer} of a cache of {layers}");
        assert!(!std::mem::replace(&mut cache.appended[layer], true), "a step appends once to layer {layer}");
        let sizes = [cache.batch.size(), cache.heads.size(), cache.room, cache.head_dim.size()];
        let empty = || [(); 2].map(|()| Held::empty(cache.precision, sizes, &cache.device));
        let held = cache.layers[layer].take().unwrap_or_else(|| {
            // Zeros would be attended to.
            assert!(cache.held().all(|held| held == 0), "layer {layer} of the cache was lost in a step that panicked");
            empty()
        });
        let counts: Vec<_> = cache.held().zip(self.counts.all()).collect();
        let [held_keys, held_values] = held;
        let held = [(held_keys, keys), (held_values, values)];
        let held = held.map(|(held, new)| held.append(new, counts.iter().copied()));
        let shape = (cache.batch, cache.heads, self.keys, cache.head_dim);
        let lent = held.each_ref().map(|held| Tensor::from_parts(shape, held.first(self.keys.size())));
        cache.layers[layer] = Some(held);
        lent.into()
    }

    /// The positions of what is new.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::KeyValueCache;
    /// dims! { Batch = 1; Heads = 1; HeadDim = 1; Positions = 512; New = 2; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let x = Tensor::ones((Batch, Heads, New, HeadDim));
    /// let mut positions = || cache.step(New, |step| {
    ///     step.append(0, &x, &x);
    ///     step.positions().to_vec().iter().map(|id| id.get()).collect::<Vec<_>>()
    /// });
    /// assert_eq!((positions()?, positions()?), (vec![0, 1], vec![2, 3]));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn positions(&self) -> &TensorOf<(B, S), Index<P>, Bk> {
        &self.positions
    }

    /// Which of all positions so far each new one may attend to: those up to its own, of its own sequence.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{KeyValueCache, attention_weights};
    /// dims! { Batch = 1; Heads = 1; HeadDim = 1; Positions = 512; Seq = 2; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    /// let weights = cache.step(Seq, |step| {
    ///     let (keys, _) = step.append(0, &x, &x);
    ///     attention_weights(&x, &keys, step.mask()).to_vec()
    /// })?;
    /// assert_eq!(weights, [1.0, 0.0, 0.5, 0.5]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn mask(&self) -> &CacheMask<B, S, K> {
        &self.mask
    }

    /// For each new position and each position so far, the id that their distance has in a table `N`, as
    /// [`mask::relative_ids`](crate::mask::relative_ids) has it: here each sequence counts from its own past, so that it is right
    /// for a step of prompts of different lengths too.
    ///
    /// ```
    /// use congruent::mask::t5_bucket;
    /// use congruent::nn::{AttentionOptions, KeyValueCache, attention_with};
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Heads = 3; HeadDim = 4; Positions = 512; Buckets = 32; Seq; }
    /// let table = Tensor::ones((Buckets, Heads));
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// for counts in [[5, 3], [1, 1]] {
    ///     bind!(seq: Ragged<Seq> = counts[0]);
    ///     let x = Tensor::ones((Batch, Heads, seq, HeadDim));
    ///     cache.step_ragged(&Lengths::new(Batch, seq, &counts)?, |step| {
    ///         let ids = step.relative_ids(Buckets, |distance| t5_bucket(distance, false, Buckets.size(), 128))?;
    ///         let bias = table.lookup(&ids).permute((Batch, Heads, seq, step.keys()));
    ///         let (keys, values) = step.append(0, &x, &x);
    ///         Ok::<_, Error>(attention_with(&x, &keys, &values, step.mask(), AttentionOptions::new().scale(1.0).bias(&bias)))
    ///     })??;
    /// }
    /// # Ok::<(), congruent::Error>(())
    /// ```
    ///
    /// # Errors
    /// An id is past the table.
    ///
    /// # Panics
    /// The engine fails.
    pub fn relative_ids<N: Dim>(
        &self,
        table: N,
        mut id: impl FnMut(isize) -> u32,
    ) -> Result<TensorOf<(B, S, K), Index<N>, Bk>, Error> {
        let ids: Vec<u32> = self.distances().map(&mut id).collect();
        let ids = Ids::new((self.cache.batch, self.new, self.keys), table, &ids)?;
        Ok(ids.to_engine::<Bk>(&self.cache.device))
    }

    /// The linear bias of each pair, `-slope · |key - query|`, as [`mask::alibi`](crate::mask::alibi) has it: here each sequence
    /// counts from its own past.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::KeyValueCache;
    /// dims! { Batch = 1; Heads = 1; HeadDim = 1; Positions = 512; Seq = 2; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    /// let bias = cache.step(Seq, |step| {
    ///     step.append(0, &x, &x);
    ///     step.alibi(Heads).to_vec()
    /// })?;
    /// let slope = 1.0 / 256.0;
    /// assert_eq!(bias, [0.0, -slope, -slope, 0.0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn alibi<Q: Dim>(&self, heads: Q) -> Tensor<(B, Q, S, K), Bk> {
        let shape = (self.cache.batch, heads, self.new, self.keys);
        let (slopes, pairs) = (slopes_of(heads), self.new.size() * self.keys.size());
        let distances: Vec<isize> = self.distances().collect();
        let of_head = |of_sequence: &[isize], slope: f64| -> Vec<_> {
            of_sequence.iter().map(|distance| constant(-slope * distance.unsigned_abs() as f64)).collect()
        };
        let of_sequence = |distances| slopes.iter().flat_map(move |slope| of_head(distances, *slope));
        let bias = distances.chunks(pairs.max(1)).flat_map(of_sequence).collect();
        Tensor::from_parts(shape, Bk::from_elements(bias, shape.sizes().as_ref(), &self.cache.device))
    }

    /// From each new position of each sequence to each position so far.
    fn distances(&self) -> impl Iterator<Item = isize> + '_ {
        let (new, keys) = (self.new.size(), self.keys.size());
        let first = move |sequence: usize| match &self.mask.mask.first_query {
            Some(first) => first[sequence],
            None => keys - new,
        };
        let of_query = move |query: usize| (0..keys).map(move |key| key as isize - query as isize);
        (0..self.cache.batch.size())
            .flat_map(move |sequence| (first(sequence)..first(sequence) + new).flat_map(of_query))
    }

    /// The dimension of what is new.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::KeyValueCache;
    /// dims! { Batch = 1; Heads = 1; HeadDim = 1; Positions = 512; New = 2; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let x = Tensor::ones((Batch, Heads, New, HeadDim));
    /// let mut sizes = || cache.step(New, |step| {
    ///     step.append(0, &x, &x);
    ///     (step.new_positions().size(), step.keys().size())
    /// });
    /// assert_eq!((sizes()?, sizes()?), ((2, 2), (2, 4)));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new_positions(&self) -> S {
        self.new
    }

    /// The dimension of all positions so far.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::KeyValueCache;
    /// dims! { Batch = 1; Heads = 1; HeadDim = 1; Positions = 512; New = 2; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let x = Tensor::ones((Batch, Heads, New, HeadDim));
    /// let is_long = cache.step(New, |step| {
    ///     let (keys, _) = step.append(0, &x, &x);
    ///     keys.sum(step.keys()).to_vec()
    /// })?;
    /// assert_eq!(is_long, [2.0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn keys(&self) -> K {
        self.keys
    }
}

/// The mask of a [`CacheStep`]: each new position attends to those up to its own, in the window of the cache.
#[derive(Clone, Debug)]
pub struct CacheMask<B, Q, K> {
    pub(super) mask: AttentionMask<()>,
    pub(super) dims: PhantomData<fn() -> (B, Q, K)>,
}

impl<B, Q, K> Combine for CacheMask<B, Q, K> {
    fn sealed(_: Sealed) {}
}

impl<B, Q, K> CacheMask<B, Q, K> {
    /// The same mask, where a position attends to its own and those right before it alone, so many in all: for the layers with a
    /// window of a model in which others have none. The cache keeps all positions for these.
    ///
    /// ```
    /// use congruent::nn::{KeyValueCache, attention_weights};
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Heads = 1; Seq = 3; HeadDim = 4; Positions = 16; }
    /// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let weights = cache.step(Seq, |step| {
    ///     let (keys, _) = step.append(0, &x, &x);
    ///     attention_weights(&x, &keys, &step.mask().within(2)).to_vec()
    /// })?;
    /// assert_eq!(weights, [1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.5, 0.5]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn within(&self, window: usize) -> Self {
        let mut mask = self.mask.clone();
        mask.window = Some(mask.window.map_or(window, |other| other.min(window)));
        CacheMask { mask, dims: PhantomData }
    }

    /// What any engine is told.
    pub(in crate::nn) fn described<A>(&self) -> AttentionMask<A> {
        let AttentionMask { causal, window, ref first_query, ref lengths, allowed: _, ranks } = self.mask;
        let (first_query, lengths) = (first_query.clone(), lengths.clone());
        AttentionMask { causal, window, first_query, lengths, allowed: None, ranks }
    }
}

#[diagnostic::do_not_recommend]
impl<B, Q, K> Restrict<B, Q, K> for CacheMask<B, Q, K> {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}
impl<B, Q, K, En: Engine> OnEngine<En> for CacheMask<B, Q, K> {
    type Padding = Covers;
    fn described(&self, _: &En::Device) -> MaskIn<En> {
        self.described()
    }
    fn sealed(_: Sealed) {}
}
