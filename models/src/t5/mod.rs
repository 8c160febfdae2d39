//! T5 ([Raffel et al. 2020](https://arxiv.org/abs/1910.10683)), and its version 1.1, which FLAN-T5 is: an encoder reads a text, and
//! a decoder answers.

mod answers;
mod config;
mod layer;
mod load;
mod network;

pub use answers::Answers;
pub use config::{Config, Settings};
pub use layer::{Attention, DecoderLayer, EncoderLayer};
pub use network::Network;

use congruent::backend::{Backend, DeviceOf, Float};
use congruent::dim::{Filled, Vocabulary, Whole};
use congruent::mask::{PreparedMask, relative_ids, t5_bucket};
use congruent::nn::{CacheStep, Embedding, KeyValueCache, KeysAndValues, Linear, RmsNorm};
use congruent::prelude::*;
use layer::{Bias, Masks};

/// The dimensions of a model.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug)]
pub struct Dims<V, E, H, D, F, R> {
    pub vocab: V,
    pub embed: E,
    pub heads: H,
    pub head_dim: D,
    pub ffn: F,
    /// The buckets of distances.
    pub buckets: R,
}

/// The model. As a [`Module`] its parameters have the names that they are published under.
#[derive(Clone, Module)]
pub struct T5<V, E, H, D, F, R, B: Backend = Cpu<f32>> {
    /// The tokens of texts and answers.
    #[module(name = "shared")]
    pub tokens: Embedding<V, E, B>,
    /// What reads a text.
    #[module(name = "encoder")]
    pub encoder: Encoder<E, H, D, F, R, B>,
    /// What answers.
    #[module(name = "decoder")]
    pub decoder: Decoder<E, H, D, F, R, B>,
    /// From hidden states to logits; without it, they are made by the embedding of the tokens.
    #[module(name = "lm_head")]
    pub output: Option<Linear<E, V, B>>,
    /// What hidden states are multiplied by before they become logits.
    pub output_scale: f64,
    head_dim: D,
    /// Distances from here on are of one bucket.
    max_distance: usize,
}

/// Layers that read a text, and a norm.
#[derive(Clone, Module)]
pub struct Encoder<E, H, D, F, R, B: Backend = Cpu<f32>> {
    /// The layers.
    #[module(name = "block")]
    pub layers: Vec<EncoderLayer<E, H, D, F, B>>,
    /// The norm of what the last layer gives.
    #[module(name = "final_layer_norm")]
    pub norm: RmsNorm<E, B>,
    /// What each head adds to the scores of distances, in all layers.
    #[module(name = "block.0.layer.0.SelfAttention.relative_attention_bias")]
    pub distances: Embedding<R, H, B>,
}

/// Layers that answer, and a norm.
#[derive(Clone, Module)]
pub struct Decoder<E, H, D, F, R, B: Backend = Cpu<f32>> {
    /// The layers.
    #[module(name = "block")]
    pub layers: Vec<DecoderLayer<E, H, D, F, B>>,
    /// The norm of what the last layer gives.
    #[module(name = "final_layer_norm")]
    pub norm: RmsNorm<E, B>,
    /// What each head adds to the scores of distances, in all layers.
    #[module(name = "block.0.layer.0.SelfAttention.relative_attention_bias")]
    pub distances: Embedding<R, H, B>,
}

/// The keys and values of a batch of texts `L`, to which each layer of the decoder attends. They are made once, whatever the length of
/// the answers.
#[derive(Clone)]
pub struct Memory<N, H, D, L, B: Backend = Cpu<f32>> {
    layers: Vec<KeysAndValues<N, H, D, L, B>>,
}

impl<V: Vocabulary, E: Dense, H: Filled, D: Dense, F: Filled, R: Dense, B: Backend<Elem: Float>>
    T5<V, E, H, D, F, R, B>
{
    /// The tokens: what ids are of.
    pub fn vocab(&self) -> V::Whole {
        self.tokens.weight.shape().0.whole()
    }

    /// Where it calculates.
    pub fn device(&self) -> DeviceOf<B> {
        self.tokens.weight.device()
    }

    /// An empty cache of answers to a batch of texts, of no more tokens than these positions.
    pub fn cache<N: Dim, P: Dim>(&self, batch: N, positions: P) -> KeyValueCache<N, H, D, P, B> {
        let heads = self.decoder.distances.weight.shape().1;
        KeyValueCache::on_backend(batch, heads, self.head_dim, positions, self.decoder.layers.len())
            .to_device(&self.device())
    }

    /// What the encoder makes of texts. The mask is [`Full`], or the lengths of the texts.
    ///
    /// # Errors
    /// There are fewer buckets than two.
    pub fn encode<N: Dim, L: Whole>(
        &self,
        ids: &TensorOf<(N, L), Index<V::Whole>, B>,
        mask: &impl Mask<N, L, L, B::Engine>,
    ) -> Result<Tensor<(N, L, E), B>, Error> {
        let device = self.device();
        let (_, texts) = ids.shape();
        let (mask, bias) = (PreparedMask::new(mask, &device), self.bias(&self.encoder.distances, texts, true)?);
        let layers = self.encoder.layers.iter();
        let x = layers.fold(self.tokens.forward(ids), |x, layer| layer.apply(&x, &mask, &bias));
        Ok(self.encoder.norm.forward(&x))
    }

    /// The keys and values of what the encoder gave.
    pub fn memory<N: Dim, L: Whole>(&self, encoded: &Tensor<(N, L, E), B>) -> Memory<N, H, D, L, B> {
        let layers = self.decoder.layers.iter();
        Memory { layers: layers.map(|layer| layer.cross.keys_and_values(encoded)).collect() }
    }

    /// What the decoder makes of answers at once, as in training: its [`logits`](Self::logits) are those of the next tokens.
    ///
    /// The first mask is [`Causal`], perhaps together with the lengths of the answers; the second is [`Full`], or the lengths of the
    /// texts.
    ///
    /// # Errors
    /// There are fewer buckets than two.
    pub fn forward<N: Dim, S: Whole, L: Whole>(
        &self,
        ids: &TensorOf<(N, S), Index<V::Whole>, B>,
        memory: &Memory<N, H, D, L, B>,
        mask: &impl Mask<N, S, S, B::Engine>,
        memory_mask: &impl Mask<N, S, L, B::Engine>,
    ) -> Result<Tensor<(N, S, E), B>, Error> {
        let device = self.device();
        let masks = Masks(PreparedMask::new(mask, &device), PreparedMask::new(memory_mask, &device));
        let bias = self.bias(&self.decoder.distances, ids.shape().1, false)?;
        Ok(self.decode(ids, memory, &masks, &bias, |_, new| new))
    }

    /// What the decoder makes of tokens that follow those of the cache.
    ///
    /// # Errors
    /// There are fewer buckets than two.
    ///
    /// # Panics
    /// The cache has fewer layers.
    pub fn hidden_states<N: Dim, P: Dim, S: Dim, K: Whole, L: Whole>(
        &self,
        ids: &TensorOf<(N, S), Index<V::Whole>, B>,
        memory: &Memory<N, H, D, L, B>,
        memory_mask: &impl Mask<N, S, L, B::Engine>,
        step: &mut CacheStep<'_, N, H, D, P, S, K, B>,
    ) -> Result<Tensor<(N, S, E), B>, Error> {
        let device = self.device();
        let masks = Masks(PreparedMask::new(step.mask(), &device), PreparedMask::new(memory_mask, &device));
        let table = &self.decoder.distances;
        let buckets = table.weight.shape().0;
        let ids_of_distances = step.relative_ids(buckets, |distance| self.bucket(distance, false, buckets.size()))?;
        let bias = Bias::Each(einsum!("n q k h -> n h q k", table.forward(&ids_of_distances)));
        Ok(self.decode(ids, memory, &masks, &bias, |layer, (keys, values)| step.append(layer, &keys, &values)))
    }

    /// The logits of each token after `x`, which the decoder gave.
    pub fn logits<S, L>(&self, x: &Tensor<S, B>) -> Tensor<L, B>
    where
        S: congruent::shape::Last<E, With<V> = L>,
        L: Shape,
    {
        let x = x.affine(self.output_scale, 0.0);
        match &self.output {
            Some(output) => output.forward(&x),
            None => self.tokens.logits(&x),
        }
    }

    fn decode<N: Dim, S: Dim, K: Whole, L: Whole>(
        &self,
        ids: &TensorOf<(N, S), Index<V::Whole>, B>,
        memory: &Memory<N, H, D, L, B>,
        masks: &Masks<N, S, K, L, B>,
        bias: &Bias<N, H, S, K, B>,
        mut all: impl FnMut(usize, KeysAndValues<N, H, D, S, B>) -> KeysAndValues<N, H, D, K, B>,
    ) -> Tensor<(N, S, E), B> {
        let layers = self.decoder.layers.iter().zip(&memory.layers).enumerate();
        let x = layers.fold(self.tokens.forward(ids), |x, (i, (layer, memory))| {
            layer.apply(&x, |new| all(i, new), memory, masks, bias)
        });
        self.decoder.norm.forward(&x)
    }

    /// The bias of a sequence that attends to itself.
    fn bias<N: Dim, S: Whole>(
        &self,
        table: &Embedding<R, H, B>,
        sequence: S,
        bidirectional: bool,
    ) -> Result<Bias<N, H, S, S, B>, Error> {
        let (buckets, _) = table.weight.shape();
        let bucket = |distance| self.bucket(distance, bidirectional, buckets.size());
        let ids = relative_ids(sequence, sequence, buckets, bucket)?.to_engine::<B>(&self.device());
        Ok(Bias::Shared(einsum!("q k h -> h q k", table.forward(&ids))))
    }

    fn bucket(&self, distance: isize, bidirectional: bool, buckets: usize) -> u32 {
        t5_bucket(distance, bidirectional, buckets, self.max_distance)
    }
}
