//! GPT-2 ([Radford et al. 2019](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf)):
//! learned positions, one weight for queries, keys and values, and weights stored as `(in, out)`.

use crate::config::{activation, bounded, bounded_layers, from_zero_on, quotient};
use crate::{Decoder, Dims, Error, LanguageModel, ensure};
use congruent::backend::{Backend, DeviceOf, Float};
use congruent::dim::{Filled, Vocabulary, Whole};
use congruent::io::{LoadError, Source, Stored, Weights, Writer, load_on};
use congruent::nn::{
    Activation, CacheStep, Embedding, Encoder, EncoderLayer, FeedForward, LayerNorm, Linear, MultiHeadAttention,
    NormOrder,
};
use congruent::prelude::*;
use serde::Deserialize;

/// The sizes and settings of a model.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Config {
    pub vocab: usize,
    pub positions: usize,
    pub embed: usize,
    pub heads: usize,
    pub head_dim: usize,
    pub ffn: usize,
    pub layers: usize,
    pub epsilon: f64,
}

impl Config {
    /// Reads the text of a `config.json`.
    ///
    /// # Errors
    /// Something is missing, or is not of such a model.
    pub fn read(json: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Json {
            vocab_size: usize,
            n_positions: usize,
            n_embd: usize,
            n_head: usize,
            n_layer: usize,
            n_inner: Option<usize>,
            activation_function: Option<String>,
            layer_norm_epsilon: Option<f64>,
            scale_attn_weights: Option<bool>,
            scale_attn_by_inverse_layer_idx: Option<bool>,
        }
        let json: Json = serde_json::from_str(json)?;
        if let Some(name) = &json.activation_function {
            let known = activation("activation_function", name)? == Activation::GeluTanh;
            ensure!(known, "`activation_function` is `{name}`, and GPT-2 has `gelu_new`");
        }
        let other = json.scale_attn_weights == Some(false) || json.scale_attn_by_inverse_layer_idx == Some(true);
        ensure!(!other, "attention is scaled by another rule than that of GPT-2");
        let embed = bounded("n_embd", json.n_embd)?;
        Ok(Config {
            vocab: bounded("vocab_size", json.vocab_size)?,
            positions: bounded("n_positions", json.n_positions)?,
            embed,
            heads: json.n_head,
            head_dim: quotient(embed, json.n_head)?,
            ffn: bounded("n_inner", json.n_inner.unwrap_or(embed.saturating_mul(4)))?,
            layers: bounded_layers("n_layer", json.n_layer)?,
            epsilon: from_zero_on("layer_norm_epsilon", json.layer_norm_epsilon.unwrap_or(1e-5))?,
        })
    }
}

/// The model, by the names of its published files.
pub type Gpt2<V, P, E, H, D, F, B = Cpu<f32>> = LanguageModel<V, Gpt2Decoder<P, E, H, D, F, B>, B>;

/// Learned positions, layers, and a norm.
#[derive(Clone, Module)]
pub struct Gpt2Decoder<P, E, H, D, F, B: Backend = Cpu<f32>> {
    #[module(name = "wpe")]
    positions: Embedding<P, E, B>,
    encoder: Encoder<E, H, D, F, B>,
    #[module(name = "ln_f")]
    norm: LayerNorm<E, B>,
}

impl<V: Vocabulary, P: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float + Stored>>
    Gpt2<V, P, E, H, D, F, B>
{
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
        load_on(source, device, |weights: Weights<'_, B::Elem, B>| {
            // Some files have the names of the model with its output, which is tied.
            let weights = weights.casting();
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
        weights: &Weights<'_, B::Elem, B>,
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

    /// Adds the weights to a file by the names and in the layout that they are published in: `(in, out)`, and those to queries, keys
    /// and values as one. As a [`Module`] the model has names of its own, since its parameters lie otherwise.
    pub fn add_to(&self, writer: &mut Writer) {
        writer.module("wte", &self.tokens);
        writer.module("wpe", &self.decoder.positions);
        writer.module("ln_f", &self.decoder.norm);
        for (i, layer) in self.decoder.encoder.layers.iter().enumerate() {
            let MultiHeadAttention { query, key, value, output } = &layer.attention;
            let bias = |layer: &Linear<E, Times<H, D>, B>| layer.bias.clone();
            let biases = (bias(query), bias(key), bias(value));
            let fused = Linear {
                weight: query.weight.concat(At::<0>, &key.weight).concat(At::<0>, &value.weight),
                bias: match biases {
                    (Some(q), Some(k), Some(v)) => Some(q.concat(At::<0>, &k).concat(At::<0>, &v)),
                    _ => None,
                },
            };
            writer.module(&format!("h.{i}.ln_1"), &layer.attention_norm);
            writer.module(&format!("h.{i}.ln_2"), &layer.feed_forward_norm);
            Self::add_transposed(writer, format!("h.{i}.attn.c_attn"), &fused);
            Self::add_transposed(writer, format!("h.{i}.attn.c_proj"), output);
            Self::add_transposed(writer, format!("h.{i}.mlp.c_fc"), &layer.feed_forward.up);
            Self::add_transposed(writer, format!("h.{i}.mlp.c_proj"), &layer.feed_forward.down);
        }
    }

    fn add_transposed<I: Dim, O: Dim>(writer: &mut Writer, name: String, layer: &Linear<I, O, B>) {
        writer.add(format!("{name}.weight"), &einsum!("o i -> i o", layer.weight.clone()));
        if let Some(bias) = &layer.bias {
            writer.add(format!("{name}.bias"), bias);
        }
    }

    /// A layer whose weight is stored as `(in, out)`.
    fn load_transposed<I: Dim, O: Dim>(weights: &Weights<'_, B::Elem, B>, input: I, output: O) -> Linear<I, O, B> {
        let weight = weights.tensor("weight", (input, output));
        Linear { weight: einsum!("i o -> o i", weight), bias: Some(weights.tensor("bias", (output,))) }
    }
}

impl<P: Dense, E: Dense, H: Filled, D: Dense, F: Filled, B: Backend<Elem: Float>> Decoder<B>
    for Gpt2Decoder<P, E, H, D, F, B>
{
    type Positions = P;
    type Embed = E;
    type KeyHeads = H;
    type HeadDim = D;

    // Those of the parts of a layer are other ones, since their weights have another order.
    const NAMES: [&str; 3] = ["wte", "", "lm_head"];

    fn depth(&self) -> usize {
        self.encoder.layers.len()
    }

    fn forward<N: Dim, S: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        positions: &TensorOf<(N, S), Index<P>, B>,
        mask: &impl Mask<N, S, S, B::Engine>,
    ) -> Tensor<(N, S, E), B> {
        let x = x + self.positions.forward(positions);
        self.norm.forward(&self.encoder.forward(&x, mask))
    }

    fn forward_cached<N: Dim, S: Whole, K: Whole>(
        &self,
        x: &Tensor<(N, S, E), B>,
        step: &mut CacheStep<'_, N, H, D, P, S, K, B>,
    ) -> Tensor<(N, S, E), B> {
        let x = x + self.positions.forward(step.positions());
        self.norm.forward(&self.encoder.forward_cached(&x, step))
    }
}
