//! A decoder out of a file.

use super::{
    FeedForward, Format, GatedNetwork, Llama, Local, Mixture, Norm, ROPE_FACTORS, RotaryAttention, RotaryDecoder,
    RotaryLayer, Settings, SharedExpert,
};
use crate::files::Part;
use crate::{Dims, Error, LanguageModel};
use congruent::backend::{Backend, DeviceOf, Float};
use congruent::dim::{Summed, Vocabulary};
use congruent::io::{Source, Stored, load_on};
use congruent::nn::{Embedding, Linear, MixtureOfExperts, OffsetRmsNorm, RmsNorm, Rotary};
use congruent::prelude::{Dense, Dim, N, Times};
use congruent::shape::SharesHeads;

impl<V, P, E, Q, H, D, F, B, X, W> Llama<V, P, E, Q, H, D, F, B, X, W>
where
    V: Vocabulary,
    P: Dense,
    E: Dense,
    Q: SharesHeads<H>,
    H: Dim,
    D: Dense,
    Times<Q, D>: Summed,
    F: Summed,
    B: Backend<Elem: Float + Stored>,
    X: Dense,
    W: Summed,
{
    /// Takes the weights of files to a device. `progress` is told after each layer.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape; the size of a head is odd.
    pub fn load(
        source: &dyn Source,
        dims: Dims<V, P, E, Q, H, D, F, X, W>,
        settings: &Settings,
        format: &Format,
        device: &DeviceOf<B>,
        progress: impl Fn(),
    ) -> Result<Self, Error> {
        let Dims { vocab, embed, positions, head_dim, .. } = dims;
        let table = |frequencies: &Vec<f64>| Rotary::on_device(positions, head_dim, frequencies, format.rotary, device);
        let rotary = table(&settings.frequencies)?;
        let local = settings.local.as_ref();
        let local_rotary = local.and_then(|local| local.frequencies.as_ref()).map(table).transpose()?;
        let model = load_on(source, device, |weights: Part<'_, B>| {
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
                let layer = Self::load_layer(&weights.at(format.layers).at(i), dims, settings, format, i);
                progress();
                layer
            });
            let layers = layers.collect();
            let norm = norm(&weights, format.norm, embed, settings);
            let (window, embedding_scale) = (local.map(|local| local.window), settings.embedding_scale);
            let decoder = RotaryDecoder { layers, norm, rotary, local_rotary, window, embedding_scale };
            let mut model = LanguageModel::new(dims, tokens, decoder, output);
            model.logit_cap = settings.logit_cap;
            model
        });
        Ok(model?)
    }

    fn load_layer(
        weights: &Part<'_, B>,
        dims: Dims<V, P, E, Q, H, D, F, X, W>,
        settings: &Settings,
        format: &Format,
        layer: usize,
    ) -> RotaryLayer<E, Q, H, D, F, B, X, W> {
        let Dims { embed, heads, key_heads, head_dim, ffn, .. } = dims;
        let (queries, keys) = (Times(heads, head_dim), Times(key_heads, head_dim));
        let head_norm = |name| settings.head_norms.then(|| norm(weights, name, head_dim, settings));
        let behind = settings.norms_behind.then_some(format.norms_behind);
        let biases = settings.biases;
        let of_heads = biases.map(|biases| biases.query_key_value);
        let of_network = biases.map(|biases| biases.feed_forward);
        let optional = |name: Option<&str>| name.map(|name| norm(weights, name, embed, settings));
        RotaryLayer {
            attention_norm: norm(weights, format.attention_norm, embed, settings),
            attention: RotaryAttention {
                query: linear(weights, format.query, of_heads, embed, queries),
                key: linear(weights, format.key, of_heads, embed, keys),
                value: linear(weights, format.value, of_heads, embed, keys),
                output: linear(weights, format.attention_output, biases.map(|biases| biases.output), queries, embed),
                query_norm: head_norm(format.query_norm),
                key_norm: head_norm(format.key_norm),
                scale: settings.scale,
                soft_cap: settings.attention_cap,
            },
            middle_norm: norm(weights, behind.map_or(format.ffn_norm, |[middle, ..]| middle), embed, settings),
            feed_forward: match settings.mixture.as_ref().filter(|mixture| !mixture.dense.contains(&layer)) {
                Some(Mixture { routing, names, shared, .. }) => {
                    let sizes = (embed, dims.expert_ffn, dims.experts);
                    let experts = MixtureOfExperts::load(weights, **names, sizes, settings.activation, *routing);
                    match shared {
                        true => FeedForward::Shared(experts, shared_expert(&weights.at("mlp"), embed, ffn, settings)),
                        false => FeedForward::Mixture(experts),
                    }
                }
                None => FeedForward::One(GatedNetwork {
                    gate: linear(weights, format.gate, of_network, embed, ffn),
                    up: linear(weights, format.up, of_network, embed, ffn),
                    activation: settings.activation,
                    down: linear(weights, format.down, of_network, ffn, embed),
                }),
            },
            feed_forward_norm: optional(behind.map(|[_, before, _]| before)),
            last_norm: optional(behind.map(|[.., last]| last)),
            local: settings.local.as_ref().is_some_and(|Local { layers, .. }| layers.get(layer) == Some(&true)),
        }
    }
}

fn shared_expert<E: Dim, F: Dim, B: Backend<Elem: Stored>>(
    weights: &Part<'_, B>,
    embed: E,
    ffn: F,
    settings: &Settings,
) -> SharedExpert<E, F, B> {
    let of_network = weights.at("shared_expert");
    SharedExpert {
        network: GatedNetwork {
            gate: Linear::load_without_bias(&of_network.at("gate_proj"), embed, ffn),
            up: Linear::load_without_bias(&of_network.at("up_proj"), embed, ffn),
            activation: settings.activation,
            down: Linear::load_without_bias(&of_network.at("down_proj"), ffn, embed),
        },
        gate: Linear::load_without_bias(&weights.at("shared_expert_gate"), embed, N::<1>),
    }
}

fn norm<E: Dim, B: Backend<Elem: Stored>>(
    weights: &Part<'_, B>,
    name: &str,
    width: E,
    settings: &Settings,
) -> Norm<E, B> {
    let weights = weights.at(name);
    match settings.offset_norms {
        true => Norm::Offset(OffsetRmsNorm::load(&weights, width, settings.epsilon)),
        false => Norm::Plain(RmsNorm::load(&weights, width, settings.epsilon)),
    }
}

/// A layer, with a bias if it is said to have one; if nothing is said, if the file has one.
fn linear<I: Dim, O: Dim, B: Backend<Elem: Stored>>(
    weights: &Part<'_, B>,
    name: &str,
    biased: Option<bool>,
    input: I,
    output: O,
) -> Linear<I, O, B> {
    let weights = weights.at(name);
    match biased.unwrap_or(weights.has("bias")) {
        true => Linear::load(&weights, input, output),
        false => Linear::load_without_bias(&weights, input, output),
    }
}
