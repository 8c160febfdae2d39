//! DiT out of a file.

use super::{Attention, Block, Condition, Dims, Dit, Embedder, Settings, positions, times};
use crate::published_layer::linear;
use congruent::Sliding;
use congruent::backend::{Backend, DeviceOf, Float};
use congruent::dim::Filled;
use congruent::io::{LoadError, Source, Stored, Weights, load_on};
use congruent::nn::{Conv2d, Embedding, Linear};
use congruent::prelude::*;

impl<T, K, C, O, P, R, W, E, H, D, F, B> Dit<T, K, C, O, P, R, W, E, H, D, F, B>
where
    T: Dense,
    K: Dense,
    C: Dense,
    O: Dense,
    P: Dense,
    R: Dense,
    W: Dense,
    E: Dense,
    H: Filled,
    D: Dense,
    F: Filled,
    B: Backend<Elem: Float + Stored>,
{
    /// Takes the weights of a file of diffusers (`diffusion_pytorch_model.safetensors`) to a device.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape.
    pub fn load(
        source: &dyn Source,
        dims: Dims<T, K, C, O, P, R, W, E, H, D, F>,
        settings: &Settings,
        device: &DeviceOf<B>,
    ) -> Result<Self, LoadError> {
        load_on(source, device, |weights: Weights<'_, B::Elem, B>| {
            let weights = weights.casting();
            let Dims { channels, out_channels, patch, rows, columns, embed, .. } = dims;
            let sliding = Sliding::default().stride((patch, patch));
            let shape = (embed, channels, patch, patch);
            Dit {
                patches: Conv2d::load(&weights.at("pos_embed.proj"), shape, embed, sliding),
                blocks: (0..settings.layers)
                    .map(|i| block(&weights.at("transformer_blocks").at(i), dims, settings))
                    .collect(),
                modulation: Linear::load(&weights.at("proj_out_1"), embed, Times(N, embed)),
                output: Linear::load(&weights.at("proj_out_2"), embed, Times(Times(patch, patch), out_channels)),
                positions: positions(rows, columns, embed, device),
                times: times(dims.steps, device),
            }
        })
    }
}

fn block<T, K: Dim, C, O, P, R, W, E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float + Stored>>(
    weights: &Weights<'_, B::Elem, B>,
    Dims { classes, embed, heads, head_dim, ffn, .. }: Dims<T, K, C, O, P, R, W, E, H, D, F>,
    settings: &Settings,
) -> Block<K, E, H, D, F, B> {
    let (norm, attention, merged) = (weights.at("norm1"), weights.at("attn1"), Times(heads, head_dim));
    let embedder = norm.at("emb");
    let to_heads = |name| linear(&attention.at(name), embed, merged, settings.biased);
    Block {
        condition: Condition {
            embedder: Embedder {
                first: Linear::load(&embedder.at("timestep_embedder.linear_1"), Plus(N, N), embed),
                second: Linear::load(&embedder.at("timestep_embedder.linear_2"), embed, embed),
                classes: Embedding::load(&embedder.at("class_embedder.embedding_table"), classes, embed),
            },
            modulation: Linear::load(&norm.at("linear"), embed, Times(N, embed)),
        },
        attention: Attention {
            query: to_heads("to_q"),
            key: to_heads("to_k"),
            value: to_heads("to_v"),
            output: Linear::load(&attention.at("to_out.0"), merged, embed),
        },
        up: Linear::load(&weights.at("ff.net.0.proj"), embed, ffn),
        activation: settings.activation,
        down: Linear::load(&weights.at("ff.net.2"), ffn, embed),
        epsilon: settings.epsilon,
    }
}
