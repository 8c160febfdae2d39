//! Keys and values of the past, kept for the positions to come.

mod truncate;

pub use truncate::{CutTo, OneSequence};

use crate::Error;
use crate::backend::{AttentionMask, Backend, Float};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Name, Plus, Ragged};
use crate::mask::{Combine, Covers, Lengths, Restrict};
use crate::sealed::Sealed;
use crate::shape::{Appends, Shape};
use crate::tensor::{IdOf, Index, Tensor, TensorOf};
use std::fmt::{self, Debug, Formatter};
use std::marker::PhantomData;

crate::dims! {
    /// The positions that a cache held before a step.
    pub Past;
    /// The positions of the longest sequence that a cache holds after a step.
    pub Cached;
}

/// The keys and values of each layer of a decoder, for `H` heads of size `D` of each sequence of the batch `B`, at most `P`
/// positions of each.
///
/// A [`step`](Self::step) appends to every layer, and lends it the keys and values of all positions so far as
/// `Plus<Past, S>`: for these, [`Causal`](crate::Causal) has the right offset whatever the cache holds. The step also
/// knows the positions of what is new, as ids of `P`, for [`Rotary`](super::Rotary) and for learned positions.
///
/// Memory grows with what is held. A clone is a fork: the memory is copied when one of the two goes on.
///
/// ```
/// use congruent::nn::KeyValueCache;
/// use congruent::prelude::*;
/// dims! { Batch = 2; Heads = 3; HeadDim = 4; Positions = 512; Seq; Layers = 1; }
/// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, Layers.size());
/// for length in [5, 1, 1] {
///     bind!(seq: Seq = length);
///     let x = Tensor::ones((Batch, Heads, seq, HeadDim));
///     let y = cache.step(seq, |step| {
///         let (keys, values) = step.append(0, &x, &x);
///         attention(&x, &keys, &values, &Causal)
///     })?;
///     assert_eq!(y.sizes(), [2, 3, length, 4]);
/// }
/// assert_eq!(cache.lengths(), [7, 7]);
/// # Ok::<(), congruent::Error>(())
/// ```
#[derive(Clone)]
#[doc(alias("KVCache", "past_key_values", "DynamicCache"))]
pub struct KeyValueCache<B, H, D, P, Bk: Backend = Cpu<f32>> {
    batch: B,
    heads: H,
    head_dim: D,
    capacity: P,
    window: Option<usize>,
    /// Of each layer the keys and the values, `(B, H, room, D)`; none before the first step.
    layers: Vec<Option<[Bk::Array; 2]>>,
    /// How many positions there is room for.
    room: usize,
    /// How many positions of each sequence there were.
    lengths: Vec<usize>,
    /// How many of these, the first ones, are not held any more.
    forgotten: Vec<usize>,
    /// Which layers the last step has appended to.
    appended: Vec<bool>,
}

impl<B: Dim, H: Dim, D: Dim, P: Dim> KeyValueCache<B, H, D, P> {
    /// An empty cache for so many layers.
    pub fn new(batch: B, heads: H, head_dim: D, capacity: P, layers: usize) -> Self {
        Self::on_backend(batch, heads, head_dim, capacity, layers)
    }
}

impl<B: Dim, H: Dim, D: Dim, P: Dim, Bk: Backend<Elem: Float>> KeyValueCache<B, H, D, P, Bk> {
    /// As [`new`](KeyValueCache::new), on any backend.
    pub fn on_backend(batch: B, heads: H, head_dim: D, capacity: P, layers: usize) -> Self {
        let (appended, layers, zeros) = (vec![false; layers], vec![None; layers], vec![0; batch.size()]);
        let (lengths, forgotten) = (zeros.clone(), zeros);
        KeyValueCache { batch, heads, head_dim, capacity, window: None, layers, room: 0, lengths, forgotten, appended }
    }

    /// The same cache for attention to a sliding window, its own position and those before it, so many in all: what no later
    /// position may attend to is forgotten as the cache grows.
    pub fn with_window(self, window: usize) -> Self {
        KeyValueCache { window: Some(window), ..self }
    }

    /// How many positions of each sequence there have been.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// The most positions of a sequence.
    pub fn capacity(&self) -> P {
        self.capacity
    }

    /// The batch.
    pub fn batch(&self) -> B {
        self.batch
    }

    /// Forgets everything, and keeps the memory.
    pub fn clear(&mut self) {
        self.lengths.fill(0);
        self.forgotten.fill(0);
    }

    /// A cache of these sequences, some of them perhaps more than once: beams that go on from one past.
    ///
    /// ```
    /// use congruent::nn::KeyValueCache;
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Beams = 3; Heads = 3; HeadDim = 4; Positions = 512; }
    /// let cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let beams = cache.select(&Ids::new((Beams,), Batch, &[0, 1, 1]).unwrap());
    /// assert_eq!(beams.lengths(), [0; 3]);
    /// ```
    pub fn select<N: Dim, I: IdOf<B>>(&self, sequences: &TensorOf<(N,), I, Bk>) -> KeyValueCache<N, H, D, P, Bk> {
        let KeyValueCache { heads, head_dim, capacity, window, room, .. } = *self;
        let (batch,) = sequences.shape();
        let ids = Bk::With::<I>::to_vec(sequences.array());
        let of = |numbers: &[usize]| ids.iter().map(|id| numbers[id.row()]).collect();
        let (lengths, forgotten) = (of(&self.lengths), of(&self.forgotten));
        let layers = self.layers.iter();
        let selected = |layer: &[Bk::Array; 2]| layer.each_ref().map(|array| Bk::gather(array, sequences.array()));
        let layers = layers.map(|layer| layer.as_ref().map(selected)).collect();
        let appended = self.appended.clone();
        KeyValueCache { batch, heads, head_dim, capacity, window, layers, room, lengths, forgotten, appended }
    }

    /// Appends `new` positions to every sequence: `run` gets the step, and calls [`append`](CacheStep::append) for each
    /// layer.
    ///
    /// # Errors
    /// There is no room for so many, the sequences are of different lengths, or `run` did not append to every layer. The
    /// cache is then as it was before.
    pub fn step<S: Dense, R>(
        &mut self,
        new: S,
        run: impl for<'id> FnOnce(&mut CacheStep<'_, B, H, D, P, S, Plus<Past<'id>, S>, Bk>) -> R,
    ) -> Result<R, Error> {
        if self.lengths.iter().any(|length| *length != self.lengths[0]) {
            return Err(Error::CacheLengths { lengths: self.lengths.clone() });
        }
        let counts = Counts::Same(new.size());
        self.make_room(counts, new.size())?;
        // Sequences of one length may have forgotten differently, while they were of different lengths.
        let held = self.held().min().unwrap_or(0);
        if self.held().any(|other| other != held) {
            self.keep(&vec![held; self.lengths.len()], self.room);
        }
        let mask = AttentionMask { causal: true, window: self.window, ..AttentionMask::default() };
        Past::with(held, |past| self.run(new, Plus(past, new), counts, mask, run))
    }

    /// Appends to each sequence as many positions as its length says, of which none may be; the rest is padding. It serves
    /// prompts of different lengths, and goes on for some sequences of a batch while others have ended.
    ///
    /// The keys and values that the step lends are `Ragged<Cached>`: [`CacheStep::mask`] is their mask.
    ///
    /// ```
    /// use congruent::nn::KeyValueCache;
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Heads = 3; HeadDim = 4; Positions = 512; Seq; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// for counts in [[5, 3], [1, 1], [0, 1]] {
    ///     bind!(seq: Ragged<Seq> = *counts.iter().max().unwrap());
    ///     let x = Tensor::ones((Batch, Heads, seq, HeadDim));
    ///     cache.step_ragged(&Lengths::new(Batch, seq, &counts)?, |step| {
    ///         let (keys, values) = step.append(0, &x, &x);
    ///         attention(&x, &keys, &values, step.mask())
    ///     })?;
    /// }
    /// assert_eq!(cache.lengths(), [6, 5]);
    /// # Ok::<(), congruent::Error>(())
    /// ```
    ///
    /// # Errors
    /// There is no room for so many, or `run` did not append to every layer. The cache is then as it was before.
    pub fn step_ragged<S: Dim, R>(
        &mut self,
        new: &Lengths<B, S>,
        run: impl for<'id> FnOnce(&mut CacheStep<'_, B, H, D, P, S, Ragged<Cached<'id>>, Bk>) -> R,
    ) -> Result<R, Error> {
        let (counts, size) = (Counts::Each(new.as_slice()), new.keys().size());
        self.make_room(counts, size)?;
        let held: Vec<usize> = self.held().collect();
        let totals: Vec<usize> = held.iter().zip(counts.all()).map(|(held, count)| held + count).collect();
        let longest = totals.iter().copied().max().unwrap_or(0);
        let mask = AttentionMask {
            causal: true,
            window: self.window,
            first_query: Some(held.into()),
            lengths: Some(totals.into()),
            allowed: None,
        };
        Cached::with(longest, |total| self.run(new.keys(), Ragged(total), counts, mask, run))
    }

    /// How many positions of each sequence are held.
    fn held(&self) -> impl Iterator<Item = usize> {
        self.lengths.iter().zip(&self.forgotten).map(|(length, forgotten)| length - forgotten)
    }

    fn run<S: Dim, K: Dim, R>(
        &mut self,
        new: S,
        keys: K,
        counts: Counts<'_>,
        mask: AttentionMask,
        run: impl FnOnce(&mut CacheStep<'_, B, H, D, P, S, K, Bk>) -> R,
    ) -> Result<R, Error> {
        let last = self.capacity.size().saturating_sub(1);
        // Padding may reach beyond the table, and nobody looks at what it gives.
        let positions =
            self.lengths.iter().flat_map(|length| (0..new.size()).map(move |i| (length + i).min(last) as u32));
        let positions = Index::tensor_of_positions::<_, Bk>((self.batch, new), positions);
        self.appended.fill(false);
        let mask = CacheMask { mask, dims: PhantomData };
        let result = run(&mut CacheStep { cache: self, new, keys, counts, mask, positions });
        if let Some(layer) = self.appended.iter().position(|appended| !appended) {
            return Err(Error::CacheStep { layer, layers: self.appended.len() });
        }
        self.lengths.iter_mut().zip(counts.all()).for_each(|(length, count)| *length += count);
        Ok(result)
    }

    /// Room for so many more positions of each sequence, and so many with their padding.
    fn make_room(&mut self, counts: Counts<'_>, size: usize) -> Result<(), Error> {
        let capacity = self.capacity.size();
        for (sequence, (&held, new)) in self.lengths.iter().zip(counts.all()).enumerate() {
            if new > capacity.saturating_sub(held) || capacity == 0 && size > 0 {
                let dimension = Name::<P>::new().to_string();
                return Err(Error::CacheFull { sequence, held, new, dimension, capacity });
            }
        }
        if counts.most(self.held()) <= self.room {
            return Ok(());
        }
        let held: Vec<usize> = self.held().collect();
        // What a new position may still attend to.
        let window = self.window.map_or(usize::MAX, |window| window.saturating_sub(1));
        let kept: Vec<usize> = held.iter().map(|held| window.min(*held)).collect();
        let needed = counts.most(kept.iter().copied());
        /// So that short texts do not grow often.
        const LEAST: usize = 64;
        let room = needed.saturating_mul(2).max(LEAST).min(capacity.max(needed)).max(self.room);
        self.keep(&kept, room);
        Ok(())
    }

    /// Forgets all but the last so many positions of each sequence, in memory with this room.
    fn keep(&mut self, kept: &[usize], room: usize) {
        let held: Vec<usize> = self.held().collect();
        let sizes = [self.batch.size(), self.heads.size(), room, self.head_dim.size()];
        for array in self.layers.iter_mut().flatten().flatten() {
            let mut moved = Bk::filled(num_traits::zero(), &sizes);
            for (sequence, (&held, &kept)) in held.iter().zip(kept).enumerate() {
                let part = Bk::narrow(&Bk::narrow(array, 0, sequence, 1), 2, held - kept, kept);
                moved = Bk::update_slice(moved, &part, &[sequence, 0, 0, 0]);
            }
            *array = moved;
        }
        self.room = room;
        self.forgotten = self.lengths.iter().zip(kept).map(|(length, kept)| length - kept).collect();
    }
}

impl<B: Dim, H: Dim, D: Dim, P: Dim, Bk: Backend> Debug for KeyValueCache<B, H, D, P, Bk> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let dims = (self.batch, self.heads, self.head_dim, self.capacity);
        f.debug_struct("KeyValueCache").field("dims", &dims).field("lengths", &self.lengths).finish_non_exhaustive()
    }
}

/// A step of a [`KeyValueCache`]: what is new, `S` positions of each sequence, goes to every layer; the keys `K` are all
/// positions so far.
pub struct CacheStep<'c, B, H, D, P, S, K, Bk: Backend = Cpu<f32>> {
    cache: &'c mut KeyValueCache<B, H, D, P, Bk>,
    new: S,
    keys: K,
    counts: Counts<'c>,
    mask: CacheMask<B, S, K>,
    positions: TensorOf<(B, S), Index<P>, Bk>,
}

/// How many positions are new, of each sequence.
#[derive(Clone, Copy)]
enum Counts<'c> {
    Same(usize),
    Each(&'c [usize]),
}

impl Counts<'_> {
    /// One for each sequence, and perhaps more.
    fn all(&self) -> impl Iterator<Item = usize> {
        (0..).map_while(|sequence| match self {
            Counts::Same(count) => Some(*count),
            Counts::Each(counts) => counts.get(sequence).copied(),
        })
    }

    /// The most that sequences have which had so many before; of an empty batch, what each would have.
    fn most(&self, held: impl Iterator<Item = usize>) -> usize {
        let least = if let Counts::Same(count) = self { *count } else { 0 };
        held.zip(self.all()).map(|(held, new)| held + new).max().unwrap_or(least)
    }
}

/// Keys and values: see [`CacheStep::append`].
pub type KeysAndValues<B, H, D, K, Bk> = (Tensor<(B, H, K, D), Bk>, Tensor<(B, H, K, D), Bk>);

impl<B: Dim, H: Dim, D: Dim, P: Dim, S: Dim, K: Dim, Bk: Backend<Elem: Float>> CacheStep<'_, B, H, D, P, S, K, Bk> {
    /// Takes the keys and values of a layer for what is new, `(B, H, S, D)`, and gives those of all positions so far.
    ///
    /// They are to be dropped before the next step: what is appended while they live is a copy.
    ///
    /// # Panics
    /// The cache has no such layer, or this step has appended to it before.
    pub fn append<X, Y>(
        &mut self,
        layer: usize,
        keys: &Tensor<X, Bk>,
        values: &Tensor<Y, Bk>,
    ) -> KeysAndValues<B, H, D, K, Bk>
    where
        X: Appends<Y, B, H, S, D>,
        Y: Shape,
    {
        let cache = &mut *self.cache;
        let layers = cache.layers.len();
        assert!(layer < layers, "layer {layer} of a cache of {layers}");
        assert!(!std::mem::replace(&mut cache.appended[layer], true), "a step appends once to layer {layer}");
        let sizes = [cache.batch.size(), cache.heads.size(), cache.room, cache.head_dim.size()];
        let empty = || [(); 2].map(|()| Bk::filled(num_traits::zero(), &sizes));
        let held = cache.layers[layer].take().unwrap_or_else(empty);
        // By value: nobody else holds the arrays, so that they are written in place.
        let append = |held: Bk::Array, new: &Bk::Array| {
            cache.held().zip(self.counts.all()).enumerate().fold(held, |held, (sequence, (past, count))| {
                let part = Bk::narrow(&Bk::narrow(new, 0, sequence, 1), 2, 0, count);
                Bk::update_slice(held, &part, &[sequence, 0, past, 0])
            })
        };
        let [held_keys, held_values] = held;
        let held = [append(held_keys, keys.array()), append(held_values, values.array())];
        let shape = (cache.batch, cache.heads, self.keys, cache.head_dim);
        let lent = held.each_ref().map(|array| Tensor::from_parts(shape, Bk::narrow(array, 2, 0, self.keys.size())));
        cache.layers[layer] = Some(held);
        lent.into()
    }

    /// The positions of what is new.
    pub fn positions(&self) -> &TensorOf<(B, S), Index<P>, Bk> {
        &self.positions
    }

    /// Which of all positions so far each new one may attend to: those up to its own, of its own sequence.
    pub fn mask(&self) -> &CacheMask<B, S, K> {
        &self.mask
    }

    /// The dimension of what is new.
    pub fn new_positions(&self) -> S {
        self.new
    }

    /// The dimension of all positions so far.
    pub fn keys(&self) -> K {
        self.keys
    }
}

/// The mask of a [`CacheStep`]: each new position attends to those up to its own, in the window of the cache.
#[derive(Clone, Debug)]
pub struct CacheMask<B, Q, K> {
    mask: AttentionMask,
    dims: PhantomData<fn() -> (B, Q, K)>,
}

impl<B, Q, K> Combine for CacheMask<B, Q, K> {
    fn sealed(_: Sealed) {}
}

#[diagnostic::do_not_recommend]
impl<B, Q, K> Restrict<B, Q, K> for CacheMask<B, Q, K> {
    type Padding = Covers;
    fn describe(&self) -> AttentionMask {
        self.mask.clone()
    }
    fn sealed(_: Sealed) {}
}
