//! T5 out of a file.

use super::network::names;
use super::{Attention, Decoder, DecoderLayer, Dims, Encoder, EncoderLayer, Network, Settings, T5};
use crate::files::Part;
use congruent::backend::{Backend, DeviceOf, Float};
use congruent::dim::{Filled, Vocabulary};
use congruent::io::{LoadError, Source, Stored, load_on};
use congruent::nn::{Embedding, Linear, RmsNorm};
use congruent::prelude::{Dense, Dim, Times};

impl<V, E, H, D, F, R, B> T5<V, E, H, D, F, R, B>
where
    V: Vocabulary,
    E: Dense,
    H: Filled,
    D: Dense,
    F: Filled,
    R: Dense,
    B: Backend<Elem: Float + Stored>,
{
    /// Takes the weights of files in Hugging Face layout to a device.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape.
    pub fn load(
        source: &dyn Source,
        dims: Dims<V, E, H, D, F, R>,
        settings: &Settings,
        device: &DeviceOf<B>,
    ) -> Result<Self, LoadError> {
        load_on(source, device, |weights: Part<'_, B>| {
            let weights = weights.casting();
            let Dims { vocab, embed, heads, head_dim, buckets, .. } = dims;
            // The same table, under the names that it has in the parts.
            ["encoder.embed_tokens", "decoder.embed_tokens"].iter().for_each(|name| weights.ignore(name));
            // What some files have, and nobody reads: positions of a text have none in another.
            weights.ignore("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias");
            let output = weights.at("lm_head");
            let output = match settings.tied || !output.has("weight") {
                true => {
                    weights.ignore("lm_head");
                    None
                }
                false => Some(Linear::load_without_bias(&output, embed, vocab)),
            };
            let (encoder, decoder) = (weights.at("encoder"), weights.at("decoder"));
            let norm = |weights: &Part<'_, B>, name: &str| RmsNorm::load(&weights.at(name), embed, settings.epsilon);
            let attention = |weights: Part<'_, B>| attention(&weights, dims);
            let network = |weights: Part<'_, B>| network(&weights, dims, settings);
            let encoder_layer = |i| {
                let weights = encoder.at("block").at(i).at("layer");
                EncoderLayer {
                    attention: attention(weights.at("0.SelfAttention")),
                    attention_norm: norm(&weights, "0.layer_norm"),
                    feed_forward: network(weights.at("1.DenseReluDense")),
                    feed_forward_norm: norm(&weights, "1.layer_norm"),
                }
            };
            let decoder_layer = |i| {
                let weights = decoder.at("block").at(i).at("layer");
                DecoderLayer {
                    attention: attention(weights.at("0.SelfAttention")),
                    attention_norm: norm(&weights, "0.layer_norm"),
                    cross: attention(weights.at("1.EncDecAttention")),
                    cross_norm: norm(&weights, "1.layer_norm"),
                    feed_forward: network(weights.at("2.DenseReluDense")),
                    feed_forward_norm: norm(&weights, "2.layer_norm"),
                }
            };
            let distances = |weights: &Part<'_, B>| {
                let weights = weights.at("block.0.layer.0.SelfAttention.relative_attention_bias");
                Embedding::load(&weights, buckets, heads)
            };
            T5 {
                tokens: Embedding::load(&weights.at("shared"), vocab, embed),
                encoder: Encoder {
                    layers: (0..settings.encoder_layers).map(encoder_layer).collect(),
                    norm: norm(&encoder, "final_layer_norm"),
                    distances: distances(&encoder),
                },
                decoder: Decoder {
                    layers: (0..settings.decoder_layers).map(decoder_layer).collect(),
                    norm: norm(&decoder, "final_layer_norm"),
                    distances: distances(&decoder),
                },
                output,
                output_scale: if settings.tied { (embed.size() as f64).sqrt().recip() } else { 1.0 },
                head_dim,
                max_distance: settings.max_distance,
            }
        })
    }
}

fn attention<V, E: Dim, H: Dim, D: Dim, F, R, B: Backend<Elem: Stored>>(
    weights: &Part<'_, B>,
    Dims { embed, heads, head_dim, .. }: Dims<V, E, H, D, F, R>,
) -> Attention<E, H, D, B> {
    let merged = Times(heads, head_dim);
    let to_heads = |name| Linear::load_without_bias(&weights.at(name), embed, merged);
    Attention {
        query: to_heads("q"),
        key: to_heads("k"),
        value: to_heads("v"),
        output: Linear::load_without_bias(&weights.at("o"), merged, embed),
    }
}

fn network<V, E: Dim, H, D, F: Dim, R, B: Backend<Elem: Stored>>(
    weights: &Part<'_, B>,
    Dims { embed, ffn, .. }: Dims<V, E, H, D, F, R>,
    settings: &Settings,
) -> Network<E, F, B> {
    let [first, second, down] = names(settings.gated);
    let up = |name| Linear::load_without_bias(&weights.at(name), embed, ffn);
    Network {
        first: up(first),
        second: settings.gated.then(|| up(second)),
        activation: settings.activation,
        down: Linear::load_without_bias(&weights.at(down), ffn, embed),
    }
}
