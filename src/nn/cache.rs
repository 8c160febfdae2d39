//! Keys and values of the past, kept for the positions to come.

mod counts;
mod held;
mod new;
mod step;
mod truncate;

pub use step::{CacheMask, CacheStep, KeysAndValues};
pub use truncate::{CutTo, OneSequence};

use counts::Counts;
use held::{Held, Precision};

use crate::Error;
use crate::backend::{AttentionMask, Backend, DeviceOf, Float, With, elements};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, GivenDim, Name, Plus, Ragged};
use crate::mask::LengthsOf;
use crate::shape::Vector;
use crate::tensor::{IdOf, Index, SameBackend, Tensor};
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
    device: DeviceOf<Bk>,
    window: Option<usize>,
    /// How keys and values are held.
    precision: Precision,
    /// Of each layer the keys and the values; none before the first step.
    layers: Vec<Option<[Held<Bk>; 2]>>,
    /// How many positions there is room for.
    room: usize,
    /// How many positions of each sequence there were.
    lengths: Vec<usize>,
    /// How many of these, the first ones, are not held any more.
    forgotten: Vec<usize>,
    /// Which layers the last step has appended to.
    appended: Vec<bool>,
}

impl<B: Dim, H: Dim, D: Dim, P: Dim, Bk: Backend<Elem: Float>> KeyValueCache<B, H, D, P, Bk> {
    /// How many positions of each sequence there have been.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::KeyValueCache;
    /// dims! { Batch = 2; Heads = 1; HeadDim = 4; Positions = 512; Seq = 5; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    /// cache.step(Seq, |step| drop(step.append(0, &x, &x)))?;
    /// assert_eq!(cache.lengths(), [5, 5]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// The most positions of a sequence.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::KeyValueCache;
    /// dims! { Batch = 2; Heads = 3; HeadDim = 4; Positions = 512; }
    /// let cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// assert_eq!(cache.capacity().size(), 512);
    /// ```
    pub fn capacity(&self) -> P {
        self.capacity
    }

    /// The batch.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::KeyValueCache;
    /// dims! { Batch; Heads = 3; HeadDim = 4; Positions = 512; }
    /// bind!(batch: Batch = 2);
    /// let cache = KeyValueCache::new(batch, Heads, HeadDim, Positions, 1);
    /// assert_eq!(cache.batch().size(), 2);
    /// ```
    pub fn batch(&self) -> B {
        self.batch
    }

    /// Forgets everything, and keeps the memory.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::KeyValueCache;
    /// dims! { Batch = 2; Heads = 1; HeadDim = 4; Positions = 512; Seq = 5; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    /// cache.step(Seq, |step| drop(step.append(0, &x, &x)))?;
    /// cache.clear();
    /// assert_eq!(cache.lengths(), [0, 0]);
    /// # Ok::<(), Error>(())
    /// ```
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
    pub fn select<S, N: Dim, I: IdOf<B>, C>(&self, sequences: &Tensor<S, C>) -> KeyValueCache<N, H, D, P, Bk>
    where
        S: Vector<Elements = N>,
        C: Backend<Elem = I> + SameBackend<With<Bk, I>>,
    {
        let KeyValueCache { heads, head_dim, capacity, ref device, window, precision, room, .. } = *self;
        let device = device.clone();
        let batch = sequences.shape().dim();
        let ids = elements::<With<Bk, I>>(sequences.array());
        let of = |numbers: &[usize]| ids.iter().map(|id| numbers[*id as usize]).collect();
        let (lengths, forgotten) = (of(&self.lengths), of(&self.forgotten));
        let layers = self.layers.iter();
        let selected = |layer: &[Held<Bk>; 2]| layer.each_ref().map(|held| held.select(sequences.array()));
        let layers = layers.map(|layer| layer.as_ref().map(selected)).collect();
        let appended = self.appended.clone();
        KeyValueCache {
            batch,
            heads,
            head_dim,
            capacity,
            device,
            window,
            precision,
            layers,
            room,
            lengths,
            forgotten,
            appended,
        }
    }

    /// Appends `new` positions to every sequence: `run` gets the step, and calls [`append`](CacheStep::append) for each
    /// layer.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::KeyValueCache;
    /// dims! { Batch = 2; Heads = 3; HeadDim = 4; Positions = 512; Seq = 5; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    /// let y = cache.step(Seq, |step| {
    ///     let (keys, values) = step.append(0, &x, &x);
    ///     attention(&x, &keys, &values, &Causal)
    /// })?;
    /// assert_eq!(y.sizes(), [2, 3, 5, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// There is no room for so many, the sequences are of different lengths, or `run` did not append to every layer. The
    /// cache is then as it was before. The engine failed, as far as that is known by then: the cache is then empty.
    pub fn step<S: Dense, R, X: GivenDim<S>>(
        &mut self,
        new: X,
        run: impl for<'id> FnOnce(&mut CacheStep<'_, B, H, D, P, S, Plus<Past<'id>, S>, Bk>) -> R,
    ) -> Result<R, Error> {
        let new = new.given();
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
    /// There is no room for so many, or `run` did not append to every layer. The cache is then as it was before. The engine
    /// failed, as far as that is known by then: the cache is then empty.
    pub fn step_ragged<S: Dim, R>(
        &mut self,
        new: &impl LengthsOf<B, S>,
        run: impl for<'id> FnOnce(&mut CacheStep<'_, B, H, D, P, S, Ragged<Cached<'id>>, Bk>) -> R,
    ) -> Result<R, Error> {
        let new = new.lengths();
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
            ..AttentionMask::default()
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
        mask: AttentionMask<()>,
        run: impl FnOnce(&mut CacheStep<'_, B, H, D, P, S, K, Bk>) -> R,
    ) -> Result<R, Error> {
        let last = self.capacity.size().saturating_sub(1);
        // Padding may reach beyond the table, and nobody looks at what it gives.
        let positions =
            self.lengths.iter().flat_map(|length| (0..new.size()).map(move |i| (length + i).min(last) as u32));
        let positions = Index::tensor_of_positions::<_, Bk>((self.batch, new), positions, &self.device);
        self.appended.fill(false);
        let mask = CacheMask { mask, dims: PhantomData };
        let result = run(&mut CacheStep { cache: self, new, keys, counts, mask, positions });
        if let Some(layer) = self.appended.iter().position(|appended| !appended) {
            return Err(Error::CacheStep { layer, layers: self.appended.len() });
        }
        if let Some(failure) = self.layers.iter().flatten().flatten().find_map(Held::failure) {
            self.layers.fill(None);
            self.clear();
            return Err(Error::Engine(failure));
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
        let counts = held.iter().copied().zip(kept.iter().copied());
        for held in self.layers.iter_mut().flatten().flatten() {
            *held = held.keep(room, counts.clone());
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
