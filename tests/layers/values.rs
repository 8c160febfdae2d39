//! What is compared by its values alone.

use super::cases::Compared;
use crate::common::Case;
use crate::common::layers::{HEADS, encoder_layer};
use congruent::backend::Backend;
use congruent::nn::{NormOrder, RmsNorm, attention};
use congruent::prelude::*;

dims! { Batch; Heads; Queries; Keys; HeadDim; Value; Seq; Embed; Hidden; }

#[test]
fn attention_padded() {
    for name in ["attention_padded", "attention_padded_empty"] {
        let case = Case::named(name);
        let [batch, heads, queries, head_dim] = case.sizes("in.q");
        let [_, _, keys, value] = case.sizes("in.v");
        bind!(batch: Batch = batch, heads: Heads = heads, queries: Queries = queries, keys: Ragged<Keys> = keys);
        bind!(head_dim: HeadDim = head_dim, value: Value = value);
        let q = case.tensor("in.q", (batch, heads, queries, head_dim));
        let k = case.tensor("in.k", (batch, heads, keys, head_dim));
        let v = case.tensor("in.v", (batch, heads, keys, value));
        let lengths = Lengths::new(batch, keys, &case.lengths()).unwrap();
        case.assert(&attention(&q, &k, &v, &lengths));
        // The same as a mask of pairs, in which the keys are dense.
        let Ragged(dense) = keys;
        let (k, v) =
            (case.tensor("in.k", (batch, heads, dense, head_dim)), case.tensor("in.v", (batch, heads, dense, value)));
        let valid = case.lengths();
        let allowed = Cpu::<bool>::from_fn((batch, queries, dense), |[b, _, k]| k < valid[b]);
        case.assert(&attention(&q, &k, &v, &Allowed::new(allowed)));
    }
}

#[test]
fn encoder_layer_padded() {
    let case = Case::named("encoder_layer_padded");
    let ([batch, seq, width], [hidden]) = (case.sizes("in.x"), case.sizes("in.m_linear1_bias"));
    bind!(batch: Batch = batch, seq: Ragged<Seq> = seq, embed: Embed = width, hidden: Hidden = hidden);
    bind!(heads: Heads = HEADS, head_dim: HeadDim = width / HEADS);
    let layer = encoder_layer(&case, NormOrder::Post, embed, heads, head_dim, hidden);
    let lengths = Lengths::new(batch, seq, &case.lengths()).unwrap();
    let y = layer.forward(&case.tensor("in.x", (batch, seq, embed)), &lengths);
    // Rows of padding are nobody's concern.
    let expected = case.tensor("out.y", (batch, seq, embed)).fill_padding(&lengths, 0.0).to_vec();
    let found = y.fill_padding(&lengths, 0.0).to_vec();
    assert!(found.iter().zip(&expected).all(|(x, y)| (x - y).abs() <= 1e-5 * y.abs().max(1.0)));
}

/// The same layer on another backend is the same code.
#[test]
fn layers_run_on_every_float() {
    fn forward<B: Backend<Elem: congruent::backend::Float>, E: Dense, S: Dim>(
        norm: &RmsNorm<E, B>,
        x: &Tensor<(S, E), B>,
    ) -> Tensor<(S, E), B> {
        norm.forward(x)
    }
    bind!(seq: Seq = 3, embed: Embed = 4);
    let x = Cpu::<f64>::ones((seq, embed));
    let norm = RmsNorm { weight: Cpu::<f64>::ones((embed,)), epsilon: 0.0 };
    assert_eq!(forward(&norm, &x).to_vec(), [1.0; 12]);
    let half = Cpu::<congruent::half::bf16>::ones((seq, embed));
    let norm = RmsNorm { weight: Cpu::ones((embed,)), epsilon: 0.0 };
    assert_eq!(forward(&norm, &half).cast::<f32>().to_vec(), [1.0; 12]);
}
