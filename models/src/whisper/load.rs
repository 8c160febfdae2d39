//! Whisper out of a file.

use super::{Attention, Decoder, DecoderLayer, Dims, Encoder, Settings, Whisper};
use crate::files::Part;
use crate::published_layer::{LayerDims, LayerSettings, PublishedLayer};
use congruent::Sliding;
use congruent::backend::{Backend, DeviceOf, Float};
use congruent::dim::{Filled, Vocabulary};
use congruent::io::{LoadError, Source, Stored, load_on};
use congruent::nn::{Conv1d, Embedding, LayerNorm, LearnedPositions, Linear, NormOrder};
use congruent::prelude::{Dense, Dim, N, Times};

/// What norms add to the variance, of which the configuration says nothing.
const EPSILON: f64 = 1e-5;

impl<M, L, V, P, E, H, D, F, B> Whisper<M, L, V, P, E, H, D, F, B>
where
    M: Dense,
    L: Dense,
    V: Vocabulary,
    P: Dense,
    E: Dense,
    H: Filled,
    D: Dense,
    F: Filled,
    B: Backend<Elem: Float + Stored>,
{
    /// Takes the weights of files in Hugging Face layout to a device.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape.
    pub fn load(
        source: &dyn Source,
        dims: Dims<M, L, V, P, E, H, D, F>,
        settings: &Settings,
        device: &DeviceOf<B>,
    ) -> Result<Self, LoadError> {
        load_on(source, device, |weights: Part<'_, B>| {
            let weights = weights.casting();
            let output = weights.at("proj_out");
            let output = if settings.tied {
                weights.ignore("proj_out");
                None
            } else {
                Some(Linear::load_without_bias(&output, dims.embed, dims.vocab))
            };
            // Files of the model without its output have no `model` before the names.
            let whole = weights.at("model");
            let parts = if whole.has("encoder.conv1.weight") { whole } else { weights };
            Whisper {
                encoder: encoder(&parts.at("encoder"), dims, settings),
                decoder: decoder(&parts.at("decoder"), dims, settings),
                output,
                heads: dims.heads,
                head_dim: dims.head_dim,
            }
        })
    }
}

fn encoder<M: Dim, L: Dim, V, P, E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float + Stored>>(
    weights: &Part<'_, B>,
    Dims { mels, sounds, embed, heads, head_dim, ffn, .. }: Dims<M, L, V, P, E, H, D, F>,
    settings: &Settings,
) -> Encoder<M, L, E, H, D, F, B> {
    let of_layers = LayerSettings {
        epsilon: EPSILON,
        activation: settings.activation,
        order: NormOrder::Pre,
        biases: [true, false, true],
    };
    let dims = LayerDims { embed, heads, head_dim, ffn };
    let layer = |i| PublishedLayer::load(&weights.at("layers").at(i), dims, of_layers);
    let sliding = Sliding::default().padding(N);
    Encoder {
        conv1: Conv1d::load(&weights.at("conv1"), (embed, mels, N), embed, sliding),
        conv2: Conv1d::load(&weights.at("conv2"), (embed, embed, N), embed, sliding.stride(N)),
        positions: LearnedPositions::load(&weights.at("embed_positions"), sounds, embed),
        layers: (0..settings.encoder_layers).map(layer).collect(),
        norm: LayerNorm::load(&weights.at("layer_norm"), embed, EPSILON),
    }
}

fn decoder<M, L, V: Dim, P: Dim, E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float + Stored>>(
    weights: &Part<'_, B>,
    Dims { vocab, positions, embed, heads, head_dim, ffn, .. }: Dims<M, L, V, P, E, H, D, F>,
    settings: &Settings,
) -> Decoder<V, P, E, H, D, F, B> {
    let merged = Times(heads, head_dim);
    let attention = |weights: Part<'_, B>| Attention {
        query: Linear::load(&weights.at("q_proj"), embed, merged),
        key: Linear::load_without_bias(&weights.at("k_proj"), embed, merged),
        value: Linear::load(&weights.at("v_proj"), embed, merged),
        output: Linear::load(&weights.at("out_proj"), merged, embed),
    };
    let norm = |weights: &Part<'_, B>, name: &str| LayerNorm::load(&weights.at(name), embed, EPSILON);
    let layer = |i| {
        let weights = weights.at("layers").at(i);
        DecoderLayer {
            attention: attention(weights.at("self_attn")),
            attention_norm: norm(&weights, "self_attn_layer_norm"),
            cross: attention(weights.at("encoder_attn")),
            cross_norm: norm(&weights, "encoder_attn_layer_norm"),
            up: Linear::load(&weights.at("fc1"), embed, ffn),
            activation: settings.activation,
            down: Linear::load(&weights.at("fc2"), ffn, embed),
            feed_forward_norm: norm(&weights, "final_layer_norm"),
        }
    };
    Decoder {
        tokens: Embedding::load(&weights.at("embed_tokens"), vocab, embed),
        positions: LearnedPositions::load(&weights.at("embed_positions"), positions, embed),
        layers: (0..settings.decoder_layers).map(layer).collect(),
        norm: norm(weights, "layer_norm"),
    }
}
