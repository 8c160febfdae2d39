//! A decoder out of a file.

use super::{
    FeedForward, Format, GatedNetwork, Llama, Local, Mixture, Norm, ROPE_FACTORS, RotaryAttention, RotaryDecoder,
    RotaryLayer, Settings,
};
use crate::files::Part;
use crate::{Dims, Error, LanguageModel};
use congruent::backend::{Backend, DeviceOf, Float};
use congruent::io::{Source, Stored, load_on};
use congruent::nn::{Embedding, Linear, MixtureOfExperts, OffsetRmsNorm, RmsNorm, Rotary};
use congruent::prelude::{Dense, Dim, Times};
use congruent::shape::SharesHeads;

impl<V, P, E, Q, H, D, F, B, X> Llama<V, P, E, Q, H, D, F, B, X>
where
    V: Dense,
    P: Dense,
    E: Dense,
    Q: Dense + SharesHeads<H>,
    H: Dense,
    D: Dense,
    F: Dense,
    B: Backend<Elem: Float + Stored>,
    X: Dense,
{
    /// Takes the weights of files to a device. `progress` is told after each layer.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape; the size of a head is odd.
    pub fn load(
        source: &dyn Source,
        dims: Dims<V, P, E, Q, H, D, F, X>,
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
                let is_local = local.is_some_and(|Local { layers, .. }| layers.get(i) == Some(&true));
                let layer = Self::load_layer(&weights.at(format.layers).at(i), dims, settings, format, is_local);
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
        dims: Dims<V, P, E, Q, H, D, F, X>,
        settings: &Settings,
        format: &Format,
        local: bool,
    ) -> RotaryLayer<E, Q, H, D, F, B, X> {
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
            feed_forward: match settings.mixture {
                Some(Mixture { routing, names }) => {
                    let dims = (embed, ffn, dims.experts);
                    FeedForward::Mixture(MixtureOfExperts::load(weights, names, dims, settings.activation, routing))
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
            local,
        }
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
