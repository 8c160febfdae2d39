//! Layers of a transformer one after another.

use super::multi_head::{memory_of, on_sequence};
use super::transformer::Dropped;
use super::{CacheStep, DecoderLayer, Dropout, EncoderLayer, InTraining, KeysAndValues, Memory, WellFormed};
use crate::Module;
use crate::backend::{Backend, Float, MaskOf};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Summed};
use crate::mask::Mask;
use crate::sealed::Sealed;
use crate::shape::Sequence;
use crate::tensor::{SameBackend, Tensor};

/// Encoder layers one after another.
#[derive(Clone, Module)]
#[module(debug)]
#[doc(alias = "TransformerEncoder")]
pub struct Encoder<E, H, D, F, B: Backend = Cpu<f32>> {
    /// The layers.
    pub layers: Vec<EncoderLayer<E, H, D, F, B>>,
}
impl<E: Dense, H: Summed, D: Dense, F: Summed, B: Backend> WellFormed for Encoder<E, H, D, F, B> {
    fn sealed(_: Sealed) {}
}

impl<E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float>> Encoder<E, H, D, F, B> {
    /// All layers on `x (batch, sequence, E)`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Encoder, EncoderLayer};
    /// dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 24; }
    /// let layer = EncoderLayer::random(Embed, Heads, HeadDim, Hidden, &mut Rng::with_seed(1));
    /// let encoder = Encoder { layers: vec![layer; 2] };
    /// let y: Tensor<(Batch, Seq, Embed)> = encoder.forward(&Tensor::ones((Batch, Seq, Embed)), &Full);
    /// ```
    pub fn forward<S, M>(&self, x: &Tensor<S, impl SameBackend<B>>, mask: &M) -> Tensor<S, B>
    where
        S: Sequence<E>,
        M: Mask<S::Batch, S::Length, S::Length, B::Engine>,
        Self: WellFormed,
    {
        let mask = mask.describe(&x.device());
        on_sequence(x, |x| self.apply(x, |_, new| new, &mask, &mut None))
    }

    /// As [`forward`](Self::forward), in training, with dropout in each layer.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Dropout, Encoder, EncoderLayer, Training};
    /// dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 24; }
    /// let mut rng = Rng::with_seed(1);
    /// let encoder = Encoder { layers: vec![EncoderLayer::random(Embed, Heads, HeadDim, Hidden, &mut rng); 2] };
    /// let (x, dropout) = (Tensor::ones((Batch, Seq, Embed)), Dropout { rate: 0.1 });
    /// let y: Tensor<(Batch, Seq, Embed)> = encoder.forward_training(&x, &Full, dropout, &mut Training::new(&mut rng));
    /// ```
    pub fn forward_training<S, M>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        mask: &M,
        dropout: Dropout,
        training: &mut impl InTraining,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        M: Mask<S::Batch, S::Length, S::Length, B::Engine>,
        Self: WellFormed,
    {
        let mask = mask.describe(&x.device());
        on_sequence(x, |x| self.apply(x, |_, new| new, &mask, &mut Some((dropout, training.rng()))))
    }

    /// All layers on `x (batch, sequence, E)`, which goes on from what the cache holds: each position attends to those up to
    /// its own.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Encoder, EncoderLayer, KeyValueCache};
    /// dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 24; Positions = 512; }
    /// let layer = EncoderLayer::random(Embed, Heads, HeadDim, Hidden, &mut Rng::with_seed(1));
    /// let encoder = Encoder { layers: vec![layer; 2] };
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 2);
    /// let x = Tensor::ones((Batch, Seq, Embed));
    /// let y: Tensor<(Batch, Seq, Embed)> = cache.step(Seq, |step| encoder.forward_cached(&x, step))?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Panics
    /// The cache has fewer layers.
    pub fn forward_cached<S, P: Dim, K: Dim>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        step: &mut CacheStep<'_, S::Batch, H, D, P, S::Length, K, impl SameBackend<B>>,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        Self: WellFormed,
    {
        let mask = step.mask().described();
        on_sequence(x, |x| self.apply(x, |layer, new| step.append_to(layer, new), &mask, &mut None))
    }

    /// The layers, each of which attends to `all` the keys and values that there are of it with its own.
    fn apply<N: Dim, L: Dim, K: Dim>(
        &self,
        x: Tensor<(N, L, E), B>,
        mut all: impl FnMut(usize, KeysAndValues<N, H, D, L, B>) -> KeysAndValues<N, H, D, K, B>,
        mask: &MaskOf<B>,
        training: &mut Dropped<'_>,
    ) -> Tensor<(N, L, E), B> {
        let layers = self.layers.iter().enumerate();
        layers.fold(x, |x, (i, layer)| layer.apply(&x, |new| all(i, new), mask, training))
    }
}

/// Decoder layers one after another.
#[derive(Clone, Module)]
#[module(debug)]
#[doc(alias = "TransformerDecoder")]
pub struct Decoder<E, H, D, F, B: Backend = Cpu<f32>> {
    /// The layers.
    pub layers: Vec<DecoderLayer<E, H, D, F, B>>,
}
impl<E: Dense, H: Summed, D: Dense, F: Summed, B: Backend> WellFormed for Decoder<E, H, D, F, B> {
    fn sealed(_: Sealed) {}
}

impl<E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float>> Decoder<E, H, D, F, B> {
    /// All layers on `x (batch, sequence, E)`, which attend to `memory (batch, other sequence, E)`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Decoder, DecoderLayer};
    /// dims! { Batch = 2; Text = 5; Image = 7; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 24; }
    /// let layer = DecoderLayer::random(Embed, Heads, HeadDim, Hidden, &mut Rng::with_seed(1));
    /// let decoder = Decoder { layers: vec![layer; 2] };
    /// let (text, image) = (Tensor::ones((Batch, Text, Embed)), Tensor::ones((Batch, Image, Embed)));
    /// let y: Tensor<(Batch, Text, Embed)> = decoder.forward(&text, &image, &Causal, &Full);
    /// ```
    pub fn forward<S, R, M, N>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        memory: &Tensor<R, impl SameBackend<B>>,
        mask: &M,
        memory_mask: &N,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        R: Memory<S, E>,
        M: Mask<S::Batch, S::Length, S::Length, B::Engine>,
        N: Mask<S::Batch, S::Length, R::Length, B::Engine>,
        Self: WellFormed,
    {
        let (memory, masks) = (memory_of(x, memory), [mask.describe(&x.device()), memory_mask.describe(&x.device())]);
        on_sequence(x, |x| self.apply(x, &memory, &masks, &mut None))
    }

    /// As [`forward`](Self::forward), in training, with dropout in each layer.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Decoder, DecoderLayer, Dropout, Training};
    /// dims! { Batch = 2; Text = 5; Image = 7; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 24; }
    /// let mut rng = Rng::with_seed(1);
    /// let decoder = Decoder { layers: vec![DecoderLayer::random(Embed, Heads, HeadDim, Hidden, &mut rng); 2] };
    /// let (text, image) = (Tensor::ones((Batch, Text, Embed)), Tensor::ones((Batch, Image, Embed)));
    /// let (dropout, mut training) = (Dropout { rate: 0.1 }, Training::new(&mut rng));
    /// let y: Tensor<(Batch, Text, Embed)> = decoder.forward_training(&text, &image, &Causal, &Full, dropout, &mut training);
    /// ```
    pub fn forward_training<S, R, M, N>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        memory: &Tensor<R, impl SameBackend<B>>,
        mask: &M,
        memory_mask: &N,
        dropout: Dropout,
        training: &mut impl InTraining,
    ) -> Tensor<S, B>
    where
        S: Sequence<E>,
        R: Memory<S, E>,
        M: Mask<S::Batch, S::Length, S::Length, B::Engine>,
        N: Mask<S::Batch, S::Length, R::Length, B::Engine>,
        Self: WellFormed,
    {
        let (memory, masks) = (memory_of(x, memory), [mask.describe(&x.device()), memory_mask.describe(&x.device())]);
        on_sequence(x, |x| self.apply(x, &memory, &masks, &mut Some((dropout, training.rng()))))
    }

    /// The layers. The masks are that of the sequence, and that of the memory.
    fn apply<N: Dim, L: Dim, R: Dim>(
        &self,
        x: Tensor<(N, L, E), B>,
        memory: &Tensor<(N, R, E), B>,
        masks: &[MaskOf<B>; 2],
        training: &mut Dropped<'_>,
    ) -> Tensor<(N, L, E), B> {
        self.layers.iter().fold(x, |x, layer| layer.apply(&x, memory, masks, training))
    }
}
