//! The decoder written out, so that the weights of its attention can be seen.

use crate::One;
use congruent::nn::{CacheStep, LlamaLayer, RotaryAngles, attention_weights};
use congruent::prelude::*;
use speak::{Embed, Ffn, HeadDim, Heads, Model, Positions};

type Layer = LlamaLayer<Embed, Heads, Heads, HeadDim, Ffn>;
type Step<'c, S, K> = CacheStep<'c, One, Heads, HeadDim, Positions, S, K>;

/// What the last layer gives for letters that follow those of the cache, and how much each of them attends to each letter, in
/// every layer.
pub fn forward<V: Dense, S: Dense, K: Whole>(
    model: &Model<V>,
    new: &TensorOf<(One, S), Index<V>>,
    step: &mut Step<'_, S, K>,
) -> (Tensor<(One, S, Embed)>, Vec<Tensor<(One, Heads, S, K)>>) {
    let angles = model.decoder.rotary.angles(step.positions());
    let mut x = model.characters.forward(new);
    let mut weights = Vec::new();
    for (number, layer) in model.decoder.layers.iter().enumerate() {
        let (next, of_layer) = forward_layer(layer, number, &x, &angles, step);
        x = next;
        weights.push(of_layer);
    }
    (model.decoder.norm.forward(&x), weights)
}

fn forward_layer<S: Dense, K: Whole>(
    layer: &Layer,
    number: usize,
    x: &Tensor<(One, S, Embed)>,
    angles: &RotaryAngles<(One, S), HeadDim>,
    step: &mut Step<'_, S, K>,
) -> (Tensor<(One, S, Embed)>, Tensor<(One, Heads, S, K)>) {
    let maps = &layer.attention;
    let normed = layer.attention_norm.forward(x);
    let queries = angles.forward(&maps.query.forward(&normed).split_heads());
    let keys = angles.forward(&maps.key.forward(&normed).split_heads());
    let values = maps.value.forward(&normed).split_heads();
    let (keys, values) = step.append(number, &keys, &values);
    let weights = attention_weights(&queries, &keys, step.mask());
    let heads = attention(&queries, &keys, &values, step.mask()).merge_heads();
    let x = maps.output.forward(&heads) + x;
    let x = layer.feed_forward.forward(&layer.feed_forward_norm.forward(&x)) + x;
    (x, weights)
}

/// The attention of one layer to all letters that are in the cache: a square for each head, of as many rows and columns as the
/// model has positions. What is not read yet is zero.
#[derive(Clone, Debug)]
pub struct Attention {
    /// The names of the dimensions: of the heads, the queries and the keys.
    pub names: Vec<String>,
    /// One head after another, row by row.
    pub weights: Vec<f32>,
}

impl Attention {
    /// Of no letters.
    pub fn new() -> Self {
        let squares = Heads.size() * Positions.size() * Positions.size();
        Attention { names: Vec::new(), weights: vec![0.0; squares] }
    }

    /// Writes the rows of what was read now, the last letters of the cache.
    pub fn record<S: Dim, K: Dim>(&mut self, weights: &Tensor<(One, Heads, S, K)>) {
        let [_, heads, queries, keys] = weights.sizes().into_array();
        self.names = weights.names().split_off(1);
        let (rows, side) = (weights.to_vec(), Positions.size());
        for head in 0..heads {
            for query in 0..queries {
                let from = &rows[(head * queries + query) * keys..][..keys];
                let row = head * side + keys - queries + query;
                self.weights[row * side..][..keys].copy_from_slice(from);
            }
        }
    }
}

impl Default for Attention {
    fn default() -> Self {
        Self::new()
    }
}
