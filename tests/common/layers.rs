//! Layers of the cases' parameters.

use congruent::nn::{
    Activation, EncoderLayer, FeedForward, LayerNorm, Linear, MultiHeadAttention, NormOrder, Rotary, RotaryLayout,
};
use congruent::prelude::*;

/// The number of heads of every case: the files do not say it.
pub const HEADS: usize = 3;

/// Where inputs and parameters come from, by their names.
pub trait Inputs {
    fn input<S: Shape>(&self, name: &str, shape: S) -> Tensor<S>;
}

/// PyTorch keeps the projections to queries, keys and values in one matrix.
pub fn multi_head<E: Dim, H: Dim, D: Dim>(
    case: &impl Inputs,
    prefix: &str,
    e: E,
    h: H,
    d: D,
) -> MultiHeadAttention<E, H, D> {
    let (merged, name) = (Times(h, d), |part: &str| format!("{prefix}_{part}"));
    let fused = Plus(Plus(merged, merged), merged);
    let (query_key, value) = case.input(&name("in_proj_weight"), (fused, e)).unconcat(At::<0>);
    let (query, key) = query_key.unconcat(At::<0>);
    let (query_key_bias, value_bias) = case.input(&name("in_proj_bias"), (fused,)).unconcat(At::<0>);
    let (query_bias, key_bias) = query_key_bias.unconcat(At::<0>);
    MultiHeadAttention {
        query: Linear { weight: query, bias: Some(query_bias) },
        key: Linear { weight: key, bias: Some(key_bias) },
        value: Linear { weight: value, bias: Some(value_bias) },
        output: linear(case, &name("out_proj"), merged, e),
    }
}

fn linear<I: Dim, O: Dim>(case: &impl Inputs, name: &str, input: I, output: O) -> Linear<I, O> {
    let weight = case.input(&format!("{name}_weight"), (output, input));
    Linear { weight, bias: Some(case.input(&format!("{name}_bias"), (output,))) }
}

pub fn norm<E: Dim>(case: &impl Inputs, number: usize, embed: E) -> LayerNorm<E> {
    let weight = case.input(&format!("m_norm{number}_weight"), (embed,));
    LayerNorm { weight, bias: Some(case.input(&format!("m_norm{number}_bias"), (embed,))), epsilon: 1e-5 }
}

pub fn feed_forward<E: Dim, F: Dim>(
    case: &impl Inputs,
    activation: Activation,
    embed: E,
    hidden: F,
) -> FeedForward<E, F> {
    let (up, down) = (linear(case, "m_linear1", embed, hidden), linear(case, "m_linear2", hidden, embed));
    FeedForward { up, activation, down }
}

pub fn encoder_layer<E: Dim, H: Dim, D: Dim, F: Dim>(
    case: &impl Inputs,
    order: NormOrder,
    embed: E,
    heads: H,
    head_dim: D,
    hidden: F,
) -> EncoderLayer<E, H, D, F> {
    EncoderLayer {
        attention: multi_head(case, "m_self_attn", embed, heads, head_dim),
        attention_norm: norm(case, 1, embed),
        feed_forward: feed_forward(case, Activation::Gelu, embed, hidden),
        feed_forward_norm: norm(case, 2, embed),
        order,
    }
}

dims! { Positions = 64; }

/// Heads turned by the positions from 0 on.
pub fn turned<B: Dim, H: Dim, S: Whole, D: Dense>(
    x: &Tensor<(B, H, S, D)>,
    layout: RotaryLayout,
) -> Tensor<(B, H, S, D)> {
    let (batch, _, seq, head_dim) = x.shape();
    let rotary = Rotary::check(Positions, head_dim, 10000.0, layout).unwrap();
    let positions: Vec<u32> = (0..batch.size()).flat_map(|_| 0..seq.size() as u32).collect();
    rotary.forward(x, &Ids::new((batch, seq), Positions, &positions).unwrap())
}
