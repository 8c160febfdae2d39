//! Llama ([Touvron et al. 2023](https://arxiv.org/abs/2302.13971)) and what is built as it is, such as SmolLM2.

use crate::{Decoder, Dims, LanguageModel};
use congruent::backend::{Backend, DeviceOf};
use congruent::io::{Source, Weights, load_on};
use congruent::nn::{
    Activation, CacheStep, Embedding, GatedFeedForward, GroupedQueryAttention, Linear, LlamaDecoder, LlamaLayer,
    RmsNorm, Rotary, RotaryLayout,
};
use congruent::prelude::*;
use congruent::shape::SharesHeads;

/// What is no dimension.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The number of layers.
    pub layers: usize,
    /// What the norms add to the mean of squares.
    pub epsilon: f64,
    /// How far each pair of elements of a head turns from one position to the next, in radians.
    pub frequencies: Vec<f64>,
    /// Whether logits are made by the embedding of the tokens; none where this is so just if the file has no other weight.
    pub tied: Option<bool>,
}

/// In GGUF files, what the frequencies are divided by, where they are stretched.
pub(crate) const ROPE_FACTORS: &str = "rope_freqs.weight";

/// The names of the tensors of a file, and the order of the elements of its heads.
pub struct Format {
    embedding: &'static str,
    layers: &'static str,
    attention_norm: &'static str,
    query: &'static str,
    key: &'static str,
    value: &'static str,
    attention_output: &'static str,
    ffn_norm: &'static str,
    gate: &'static str,
    up: &'static str,
    down: &'static str,
    norm: &'static str,
    output: &'static str,
    rotary: RotaryLayout,
}

/// The format of GGUF files.
pub const GGUF: Format = Format {
    embedding: "token_embd",
    layers: "blk",
    attention_norm: "attn_norm",
    query: "attn_q",
    key: "attn_k",
    value: "attn_v",
    attention_output: "attn_output",
    ffn_norm: "ffn_norm",
    gate: "ffn_gate",
    up: "ffn_up",
    down: "ffn_down",
    norm: "output_norm",
    output: "output",
    rotary: RotaryLayout::Interleaved,
};

/// The format of folders in Hugging Face layout.
pub const HUGGING_FACE: Format = Format {
    embedding: "model.embed_tokens",
    layers: "model.layers",
    attention_norm: "input_layernorm",
    query: "self_attn.q_proj",
    key: "self_attn.k_proj",
    value: "self_attn.v_proj",
    attention_output: "self_attn.o_proj",
    ffn_norm: "post_attention_layernorm",
    gate: "mlp.gate_proj",
    up: "mlp.up_proj",
    down: "mlp.down_proj",
    norm: "model.norm",
    output: "lm_head",
    rotary: RotaryLayout::Half,
};

/// The model.
pub type Llama<V, P, E, Q, H, D, F, B = Cpu<f32>> = LanguageModel<V, LlamaDecoder<E, Q, H, D, F, P, B>, B>;

impl<V: Dense, P: Dense, E: Dense, Q: Dense + SharesHeads<H>, H: Dense, D: Dense, F: Dense, B: Backend<Elem = f32>>
    Llama<V, P, E, Q, H, D, F, B>
{
    /// Takes the weights of files to a device. `progress` is told after each layer.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape; the size of a head is odd.
    pub fn load(
        source: &dyn Source,
        dims: Dims<V, P, E, Q, H, D, F>,
        settings: &Settings,
        format: &Format,
        device: &DeviceOf<B>,
        progress: impl Fn(),
    ) -> anyhow::Result<Self> {
        let Dims { vocab, embed, positions, head_dim, .. } = dims;
        let rotary = Rotary::on_device(positions, head_dim, &settings.frequencies, format.rotary, device)?;
        let model = load_on(source, device, |weights: Weights<'_, f32, B>| {
            let weights = weights.casting();
            let tokens = Embedding::load(&weights.at(format.embedding), vocab, embed);
            let output = weights.at(format.output);
            let output = match settings.tied.unwrap_or(!output.has("weight")) {
                true => {
                    // What some files of tied models hold beside.
                    weights.ignore(format.output);
                    None
                }
                false => Some(Linear::load_without_bias(&output, embed, vocab)),
            };
            // They are part of the frequencies.
            weights.ignore(ROPE_FACTORS);
            let layers = (0..settings.layers).map(|i| {
                let layer = Self::load_layer(&weights.at(format.layers).at(i), dims, settings.epsilon, format);
                progress();
                layer
            });
            let layers = layers.collect();
            let norm = RmsNorm::load(&weights.at(format.norm), embed, settings.epsilon);
            LanguageModel::new(dims, tokens, LlamaDecoder { layers, norm, rotary }, output)
        });
        Ok(model?)
    }

    fn load_layer(
        weights: &Weights<'_, f32, B>,
        dims: Dims<V, P, E, Q, H, D, F>,
        epsilon: f64,
        format: &Format,
    ) -> LlamaLayer<E, Q, H, D, F, B> {
        let Dims { embed, heads, key_heads, head_dim, ffn, .. } = dims;
        let (queries, keys) = (Times(heads, head_dim), Times(key_heads, head_dim));
        LlamaLayer {
            attention_norm: RmsNorm::load(&weights.at(format.attention_norm), embed, epsilon),
            attention: GroupedQueryAttention {
                query: linear(weights, format.query, embed, queries),
                key: linear(weights, format.key, embed, keys),
                value: linear(weights, format.value, embed, keys),
                output: linear(weights, format.attention_output, queries, embed),
            },
            feed_forward_norm: RmsNorm::load(&weights.at(format.ffn_norm), embed, epsilon),
            feed_forward: GatedFeedForward {
                gate: linear(weights, format.gate, embed, ffn),
                up: linear(weights, format.up, embed, ffn),
                activation: Activation::Silu,
                down: linear(weights, format.down, ffn, embed),
            },
        }
    }
}

/// A layer, with a bias if the file has one.
fn linear<I: Dim, O: Dim, B: Backend<Elem = f32>>(
    weights: &Weights<'_, f32, B>,
    name: &str,
    input: I,
    output: O,
) -> Linear<I, O, B> {
    let weights = weights.at(name);
    match weights.has("bias") {
        true => Linear::load(&weights, input, output),
        false => Linear::load_without_bias(&weights, input, output),
    }
}

impl<P: Dense, E: Dense, Q: Dense + SharesHeads<H>, H: Dense, D: Dense, F: Dense, B: Backend<Elem = f32>> Decoder<B>
    for LlamaDecoder<E, Q, H, D, F, P, B>
{
    type Positions = P;
    type Embed = E;
    type KeyHeads = H;
    type HeadDim = D;

    fn depth(&self) -> usize {
        self.layers.len()
    }

    fn forward_cached<N: Dim, S: Dim, K: Dim>(
        &self,
        x: &Tensor<(N, S, E), B>,
        step: &mut CacheStep<'_, N, H, D, P, S, K, B>,
    ) -> Tensor<(N, S, E), B> {
        self.forward_cached(x, step)
    }
}
