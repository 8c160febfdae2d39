//! GPT-2 ([Radford et al. 2019](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf)):
//! learned positions, one weight for queries, keys and values, and weights stored as `(in, out)`.

use crate::{Decoder, Dims, LanguageModel};
use congruent::backend::{Backend, DeviceOf};
use congruent::io::{LoadError, Source, Weights, load_on};
use congruent::nn::{
    Activation, CacheStep, Embedding, Encoder, EncoderLayer, FeedForward, LayerNorm, Linear, MultiHeadAttention,
    NormOrder,
};
use congruent::prelude::*;

/// The model, by the names of its published files.
pub type Gpt2<V, P, E, H, D, F, B = Cpu<f32>> = LanguageModel<V, Gpt2Decoder<P, E, H, D, F, B>, B>;

/// Learned positions, layers, and a norm.
pub struct Gpt2Decoder<P, E, H, D, F, B: Backend = Cpu<f32>> {
    positions: Embedding<P, E, B>,
    encoder: Encoder<E, H, D, F, B>,
    norm: LayerNorm<E, B>,
}

impl<V: Dense, P: Dense, E: Dense, H: Dense, D: Dense, F: Dense, B: Backend<Elem = f32>> Gpt2<V, P, E, H, D, F, B> {
    /// Takes the weights of a file to a device.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape.
    pub fn load(
        source: &dyn Source,
        dims: Dims<V, P, E, H, H, D, F>,
        layers: usize,
        epsilon: f64,
        device: &DeviceOf<B>,
    ) -> Result<Self, LoadError> {
        load_on(source, device, |weights: Weights<'_, f32, B>| {
            // Some files have the names of the model with its output, which is tied.
            let weights = if weights.has("wte.weight") { weights } else { weights.at("transformer") };
            let Dims { vocab, positions, embed, .. } = dims;
            let layers = (0..layers).map(|i| Self::load_layer(&weights.at("h").at(i), dims, epsilon));
            let decoder = Gpt2Decoder {
                positions: Embedding::load(&weights.at("wpe"), positions, embed),
                encoder: Encoder { layers: layers.collect() },
                norm: LayerNorm::load(&weights.at("ln_f"), embed, epsilon),
            };
            LanguageModel::new(dims, Embedding::load(&weights.at("wte"), vocab, embed), decoder, None)
        })
    }

    fn load_layer(
        weights: &Weights<'_, f32, B>,
        dims: Dims<V, P, E, H, H, D, F>,
        epsilon: f64,
    ) -> EncoderLayer<E, H, D, F, B> {
        let Dims { embed, ffn, .. } = dims;
        let merged = Times(dims.heads, dims.head_dim);
        let attention = weights.at("attn");
        // The mask, which older files hold.
        attention.ignore("bias");
        attention.ignore("masked_bias");
        let fused = Self::load_transposed(&attention.at("c_attn"), embed, Plus(Plus(merged, merged), merged));
        let (query_key, value) = fused.weight.unconcat(At::<0>);
        let (query, key) = query_key.unconcat(At::<0>);
        let biases = fused.bias.map(|bias| {
            let (query_key, value) = bias.unconcat(At::<0>);
            let (query, key) = query_key.unconcat(At::<0>);
            [query, key, value]
        });
        let [query_bias, key_bias, value_bias] = biases.map_or([None, None, None], |biases| biases.map(Some));
        EncoderLayer {
            attention: MultiHeadAttention {
                query: Linear { weight: query, bias: query_bias },
                key: Linear { weight: key, bias: key_bias },
                value: Linear { weight: value, bias: value_bias },
                output: Self::load_transposed(&attention.at("c_proj"), merged, embed),
            },
            attention_norm: LayerNorm::load(&weights.at("ln_1"), embed, epsilon),
            feed_forward: FeedForward {
                up: Self::load_transposed(&weights.at("mlp.c_fc"), embed, ffn),
                activation: Activation::GeluTanh,
                down: Self::load_transposed(&weights.at("mlp.c_proj"), ffn, embed),
            },
            feed_forward_norm: LayerNorm::load(&weights.at("ln_2"), embed, epsilon),
            order: NormOrder::Pre,
        }
    }

    /// A layer whose weight is stored as `(in, out)`.
    fn load_transposed<I: Dim, O: Dim>(weights: &Weights<'_, f32, B>, input: I, output: O) -> Linear<I, O, B> {
        let weight = weights.tensor("weight", (input, output));
        Linear { weight: einsum!("i o -> o i", weight), bias: Some(weights.tensor("bias", (output,))) }
    }
}

impl<P: Dense, E: Dense, H: Dense, D: Dense, F: Dense, B: Backend<Elem = f32>> Decoder<B>
    for Gpt2Decoder<P, E, H, D, F, B>
{
    type Positions = P;
    type Embed = E;
    type KeyHeads = H;
    type HeadDim = D;

    fn depth(&self) -> usize {
        self.encoder.layers.len()
    }

    fn forward_cached<N: Dim, S: Dim, K: Dim>(
        &self,
        x: &Tensor<(N, S, E), B>,
        step: &mut CacheStep<'_, N, H, D, P, S, K, B>,
    ) -> Tensor<(N, S, E), B> {
        let x = x + self.positions.forward(step.positions());
        self.norm.forward(&self.encoder.forward_cached(&x, step))
    }
}
