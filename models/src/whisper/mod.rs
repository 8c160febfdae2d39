//! Whisper ([Radford et al. 2022](https://arxiv.org/abs/2212.04356)): an encoder hears half a minute of speech, and a decoder writes what
//! was said.

mod config;
mod features;
mod layer;
mod load;
mod transcripts;

pub use config::{Config, Settings};
pub use features::{SAMPLE_RATE, log_mel};
pub use layer::{Attention, DecoderLayer};
pub use transcripts::Transcripts;

use crate::published_layer::{LayerNames, PartNames, PublishedLayer};
use congruent::Sliding;
use congruent::backend::{Backend, DeviceOf, Float};
use congruent::dim::{Filled, Vocabulary, Whole};
use congruent::mask::PreparedMask;
use congruent::nn::{CacheStep, Conv1d, Embedding, KeyValueCache, KeysAndValues, LayerNorm, LearnedPositions, Linear};
use congruent::prelude::*;

/// The dimensions of a model.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug)]
pub struct Dims<M, L, V, P, E, H, D, F> {
    /// The bands of frequencies: [`log_mel`].
    pub mels: M,
    /// The positions of the encoder, two frames of sound each.
    pub sounds: L,
    pub vocab: V,
    /// The positions of a transcript.
    pub positions: P,
    pub embed: E,
    pub heads: H,
    pub head_dim: D,
    pub ffn: F,
}

/// The model. As a [`Module`] its parameters have the names that they are published under.
#[derive(Clone, Module)]
pub struct Whisper<M, L, V, P, E, H, D, F, B: Backend = Cpu<f32>> {
    /// What hears.
    #[module(name = "model.encoder")]
    pub encoder: Encoder<M, L, E, H, D, F, B>,
    /// What writes.
    #[module(name = "model.decoder")]
    pub decoder: Decoder<V, P, E, H, D, F, B>,
    /// From hidden states to logits; without it, they are made by the embedding of the tokens.
    #[module(name = "proj_out")]
    pub output: Option<Linear<E, V, B>>,
    heads: H,
    head_dim: D,
}

/// Two convolutions, layers, and a norm.
#[derive(Clone, Module)]
pub struct Encoder<M, L, E, H, D, F, B: Backend = Cpu<f32>> {
    /// The convolution of the frames.
    pub conv1: Conv1d<M, E, N<3>, Sliding<N<1>, N<1>>, B>,
    /// The one that takes each second window.
    pub conv2: Conv1d<E, E, N<3>, Sliding<N<2>, N<1>>, B>,
    /// The sines and cosines of each position, which are not trained.
    #[module(buffer, name = "embed_positions")]
    pub positions: LearnedPositions<L, E, B>,
    /// The layers.
    pub layers: Vec<PublishedLayer<Names, E, H, D, F, B>>,
    /// The norm of what the last layer gives.
    #[module(name = "layer_norm")]
    pub norm: LayerNorm<E, B>,
}

/// The names of a layer of the encoder.
#[derive(Clone)]
pub struct Names;

impl LayerNames for Names {
    const NAMES: PartNames = PartNames {
        query: "self_attn.q_proj",
        key: "self_attn.k_proj",
        value: "self_attn.v_proj",
        output: "self_attn.out_proj",
        attention_norm: "self_attn_layer_norm",
        up: "fc1",
        down: "fc2",
        feed_forward_norm: "final_layer_norm",
    };
}

/// Layers that write, and a norm.
#[derive(Clone, Module)]
pub struct Decoder<V, P, E, H, D, F, B: Backend = Cpu<f32>> {
    /// The tokens.
    #[module(name = "embed_tokens")]
    pub tokens: Embedding<V, E, B>,
    /// What is added to each token.
    #[module(name = "embed_positions")]
    pub positions: LearnedPositions<P, E, B>,
    /// The layers.
    pub layers: Vec<DecoderLayer<E, H, D, F, B>>,
    /// The norm of what the last layer gives.
    #[module(name = "layer_norm")]
    pub norm: LayerNorm<E, B>,
}

/// The keys and values of a batch of recordings, to which each layer of the decoder attends. They are made once, whatever the length of
/// the transcripts.
#[derive(Clone)]
pub struct Memory<N, H, D, L, B: Backend = Cpu<f32>> {
    layers: Vec<KeysAndValues<N, H, D, L, B>>,
}

impl<M: Dense, L: Dense, V: Vocabulary, P: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float>>
    Whisper<M, L, V, P, E, H, D, F, B>
{
    /// The tokens: what ids are of.
    pub fn vocab(&self) -> V::Whole {
        self.decoder.tokens.weight.shape().0.whole()
    }

    /// Where it calculates.
    pub fn device(&self) -> DeviceOf<B> {
        self.decoder.tokens.weight.device()
    }

    /// An empty cache of transcripts.
    pub fn cache<N: Dim>(&self, batch: N) -> KeyValueCache<N, H, D, P, B> {
        let (positions, _) = self.decoder.positions.weight.shape();
        KeyValueCache::on_backend(batch, self.heads, self.head_dim, positions, self.decoder.layers.len())
            .to_device(&self.device())
    }

    /// What the encoder makes of recordings, as [`log_mel`] has them: two frames for each position.
    ///
    /// # Errors
    /// There are more frames, or fewer; the last may be missing.
    pub fn encode<N: Dense, G: Dense>(&self, frames: &Tensor<(N, M, G), B>) -> Result<Tensor<(N, L, E), B>, Error> {
        let encoder = &self.encoder;
        let ((.., length), (positions, _)) = (frames.shape(), encoder.positions.weight.shape());
        let x = encoder.conv1.try_forward(frames, length)?.gelu();
        let x = encoder.conv2.try_forward(&x, positions)?.gelu().transpose(At::<1>, At::<2>);
        let x = x + &encoder.positions.weight;
        Ok(encoder.norm.forward(&encoder.layers.iter().fold(x, |x, layer| layer.layer.forward(&x, &Full))))
    }

    /// The keys and values of what the encoder gave.
    pub fn memory<N: Dim>(&self, encoded: &Tensor<(N, L, E), B>) -> Memory<N, H, D, L, B> {
        let layers = self.decoder.layers.iter();
        Memory { layers: layers.map(|layer| layer.cross.keys_and_values(encoded)).collect() }
    }

    /// What the decoder makes of transcripts at once, as in training: its [`logits`](Self::logits) are those of the next tokens.
    ///
    /// The mask is [`Causal`], perhaps together with the lengths of the transcripts.
    ///
    /// # Errors
    /// They are longer than the model has positions.
    pub fn forward<N: Dim, S: Whole>(
        &self,
        ids: &TensorOf<(N, S), Index<V::Whole>, B>,
        memory: &Memory<N, H, D, L, B>,
        mask: &impl Mask<N, S, S, B::Engine>,
    ) -> Result<Tensor<(N, S, E), B>, Error> {
        let x = self.decoder.positions.forward(&self.decoder.tokens.forward(ids))?;
        Ok(self.decode(x, memory, &PreparedMask::new(mask, &self.device()), |_, new| new))
    }

    /// What the decoder makes of tokens that follow those of the cache.
    ///
    /// # Panics
    /// The cache has fewer layers.
    pub fn hidden_states<N: Dim, S: Whole, K: Whole>(
        &self,
        ids: &TensorOf<(N, S), Index<V::Whole>, B>,
        memory: &Memory<N, H, D, L, B>,
        step: &mut CacheStep<'_, N, H, D, P, S, K, B>,
    ) -> Tensor<(N, S, E), B> {
        let x = self.decoder.positions.forward_at(&self.decoder.tokens.forward(ids), step.positions());
        let mask = PreparedMask::new(step.mask(), &self.device());
        self.decode(x, memory, &mask, |layer, (keys, values)| step.append(layer, &keys, &values))
    }

    /// The logits of each token after `x`, which the decoder gave.
    pub fn logits<S, Logits>(&self, x: &Tensor<S, B>) -> Tensor<Logits, B>
    where
        S: congruent::shape::Last<E, With<V> = Logits>,
        Logits: Shape,
    {
        match &self.output {
            Some(output) => output.forward(x),
            None => self.decoder.tokens.logits(x),
        }
    }

    fn decode<N: Dim, S: Whole, K: Whole>(
        &self,
        x: Tensor<(N, S, E), B>,
        memory: &Memory<N, H, D, L, B>,
        mask: &PreparedMask<N, S, K, B::Engine>,
        mut all: impl FnMut(usize, KeysAndValues<N, H, D, S, B>) -> KeysAndValues<N, H, D, K, B>,
    ) -> Tensor<(N, S, E), B> {
        let layers = self.decoder.layers.iter().zip(&memory.layers).enumerate();
        let x = layers.fold(x, |x, (i, (layer, memory))| layer.apply(&x, |new| all(i, new), memory, mask));
        self.decoder.norm.forward(&x)
    }
}
