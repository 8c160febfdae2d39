//! Operations written twice: on typed tensors, and as the same calls of the bare backend.

use congruent::backend::{AttentionMask, AttentionOptions, Backend, Epilogue, Unary};
use congruent::dim::Dense;
use congruent::nn::{Activation, EncoderLayer, FeedForward, LayerNorm, Linear, MultiHeadAttention, NormOrder};
use congruent::prelude::*;
use std::hint::black_box;

type Bare = Cpu<f32>;
type Array = congruent::cpu::Array<f32>;

dims! { Batch; Seq; Heads; HeadDim; Hidden; }

/// Batch, sequence, heads, size of a head (heads times it is the embedding), hidden size.
type Sizes = [usize; 5];
/// So little arithmetic that anything around it shows.
const SMALL: Sizes = [2, 8, 4, 8, 128];
/// A layer of a small BERT.
const LARGE: Sizes = [8, 128, 12, 32, 1536];

/// One operation in both ways, on the same arrays.
pub struct Operation<'a> {
    /// What it is.
    pub name: &'static str,
    /// As calls of the backend.
    pub bare: Box<dyn Fn() + 'a>,
    /// As methods of typed tensors.
    pub typed: Box<dyn Fn() + 'a>,
}

macro_rules! with_dims { ($sizes:ident, $f:expr) => {{
    bind!(batch: Batch = $sizes[0], seq: Seq = $sizes[1], heads: Heads = $sizes[2], head_dim: HeadDim = $sizes[3]);
    bind!(hidden: Hidden = $sizes[4]);
    let bound = operations(batch, seq, heads, head_dim, hidden);
    let fixed = operations(
        N::<{ $sizes[0] }>, N::<{ $sizes[1] }>, N::<{ $sizes[2] }>, N::<{ $sizes[3] }>, N::<{ $sizes[4] }>,
    );
    $f(&fixed, &bound)
}} }

/// Calls `f` with the small operations: on dimensions of fixed size, then on run-time dimensions.
pub fn with_small(f: impl FnOnce(&[Operation<'_>], &[Operation<'_>])) {
    with_dims!(SMALL, f);
}

/// Calls `f` with the large operations: on dimensions of fixed size, then on run-time dimensions.
#[allow(dead_code)]
pub fn with_large(f: impl FnOnce(&[Operation<'_>], &[Operation<'_>])) {
    with_dims!(LARGE, f);
}

fn operations<'a, B, S, H, D, F>(batch: B, seq: S, heads: H, head_dim: D, hidden: F) -> Vec<Operation<'a>>
where
    B: Dim + 'a,
    S: Dense + 'a,
    H: Dense + 'a,
    D: Dense + 'a,
    F: Dense + 'a,
{
    let mut rng = Rng::with_seed(1);
    let embed = Times(heads, head_dim);
    let split = [batch.size(), seq.size(), heads.size(), head_dim.size()];
    let x = Tensor::uniform((batch, seq, embed), -1.0..1.0, &mut rng);
    let weight = Tensor::uniform((embed, hidden), -1.0..1.0, &mut rng);
    let q = Tensor::uniform((batch, heads, seq, head_dim), -1.0..1.0, &mut rng);
    let layer = EncoderLayer {
        attention: MultiHeadAttention::random(embed, heads, head_dim, &mut rng),
        attention_norm: LayerNorm::new(embed, 1e-5),
        feed_forward: FeedForward {
            up: Linear::random(embed, hidden, &mut rng),
            activation: Activation::Gelu,
            down: Linear::random(hidden, embed, &mut rng),
        },
        feed_forward_norm: LayerNorm::new(embed, 1e-5),
        order: NormOrder::Post,
    };

    let mut all = Vec::new();
    let (typed, bare) = (x.clone(), x.array().clone());
    all.push(Operation {
        name: "split heads",
        bare: Box::new(move || drop(black_box(split_heads(black_box(&bare), split)))),
        typed: Box::new(move || drop(black_box(black_box(&typed).split_heads()))),
    });
    let (typed, bare) = (x.clone(), x.array().clone());
    all.push(Operation {
        name: "concat",
        bare: Box::new(move || drop(black_box(Bare::concat(&[black_box(&bare), black_box(&bare)], 1)))),
        typed: Box::new(move || drop(black_box(black_box(&typed).concat(At::<1>, black_box(&typed))))),
    });
    let (typed, bare) = ((x.clone(), weight.clone()), (x.array().clone(), weight.array().clone()));
    all.push(Operation {
        name: "matmul",
        bare: Box::new(move || drop(black_box(Bare::matmul(black_box(&bare.0), black_box(&bare.1))))),
        typed: Box::new(move || drop(black_box(black_box(&typed.0).matmul(black_box(&typed.1))))),
    });
    let (typed, bare) = (x.clone(), x.array().clone());
    all.push(Operation {
        name: "softmax",
        bare: Box::new(move || drop(black_box(Bare::softmax(black_box(&bare).clone(), 1)))),
        typed: Box::new(move || drop(black_box(black_box(&typed).softmax(At::<1>)))),
    });
    let (typed, bare) = ((x.clone(), layer.clone()), (x.array().clone(), BareLayer::new(&layer, split)));
    all.push(Operation {
        name: "layer norm",
        bare: Box::new(move || drop(black_box(norm(black_box(&bare.0).clone(), &bare.1.attention_norm)))),
        typed: Box::new(move || drop(black_box(typed.1.attention_norm.forward(black_box(&typed.0))))),
    });
    let (typed, bare) = ((x.clone(), layer.clone()), (x.array().clone(), BareLayer::new(&layer, split)));
    all.push(Operation {
        name: "linear, GELU",
        bare: Box::new(move || drop(black_box(linear(black_box(&bare.0), &bare.1.up, GELU)))),
        typed: Box::new(move || {
            let up = &typed.1.feed_forward.up;
            drop(black_box(up.forward_activated(black_box(&typed.0), Activation::Gelu)));
        }),
    });
    let (typed, bare) = (x.clone(), x.array().clone());
    all.push(Operation {
        name: "to_vec",
        bare: Box::new(move || drop(black_box(Bare::to_vec(black_box(&bare)).expect("no failure")))),
        typed: Box::new(move || drop(black_box(black_box(&typed).to_vec()))),
    });
    let (typed, bare) = (q.clone(), q.array().clone());
    all.push(Operation {
        name: "attention",
        bare: Box::new(move || {
            let q = black_box(&bare);
            drop(black_box(attend(q, q, q)));
        }),
        typed: Box::new(move || {
            let q = black_box(&typed);
            drop(black_box(attention(q, q, q, &Full)));
        }),
    });
    let (typed, bare) = ((x.clone(), layer.clone()), (x.array().clone(), BareLayer::new(&layer, split)));
    all.push(Operation {
        name: "encoder layer",
        bare: Box::new(move || drop(black_box(black_box(&bare.1).forward(black_box(&bare.0))))),
        typed: Box::new(move || drop(black_box(black_box(&typed.1).forward(black_box(&typed.0), &Full)))),
    });
    all
}

fn split_heads(x: &Array, split: [usize; 4]) -> Array {
    Bare::permute(&Bare::reshape(x, &split), &[0, 2, 1, 3])
}

fn attend(q: &Array, k: &Array, v: &Array) -> Array {
    let scale = (Bare::sizes(q)[3] as f64).sqrt().recip();
    Bare::attention(q, k, v, &AttentionMask::default(), AttentionOptions::scaled(scale))
}

const GELU: Epilogue<'_, Array> = Epilogue { bias: None, activation: Some(Unary::Gelu), residual: None };

fn linear(x: &Array, [weight, bias]: &[Array; 2], after: Epilogue<'_, Array>) -> Array {
    Bare::linear(x, weight, Epilogue { bias: Some(bias), ..after })
}

fn norm(x: Array, [weight, bias]: &[Array; 2]) -> Array {
    Bare::layer_norm(x, weight, Some(bias), 1e-5)
}

/// The encoder layer with post-normalisation, without types.
struct BareLayer {
    split: [usize; 4],
    query: [Array; 2],
    key: [Array; 2],
    value: [Array; 2],
    output: [Array; 2],
    attention_norm: [Array; 2],
    up: [Array; 2],
    down: [Array; 2],
    feed_forward_norm: [Array; 2],
}

impl BareLayer {
    fn new<E: Dim, H: Dim, D: Dim, F: Dim>(layer: &EncoderLayer<E, H, D, F>, split: [usize; 4]) -> Self {
        fn linear<I: Dim, O: Dim>(layer: &Linear<I, O>) -> [Array; 2] {
            [layer.weight.array().clone(), layer.bias.as_ref().unwrap().array().clone()]
        }
        fn norm<E: Dim>(norm: &LayerNorm<E>) -> [Array; 2] {
            [norm.weight.array().clone(), norm.bias.as_ref().unwrap().array().clone()]
        }
        BareLayer {
            split,
            query: linear(&layer.attention.query),
            key: linear(&layer.attention.key),
            value: linear(&layer.attention.value),
            output: linear(&layer.attention.output),
            attention_norm: norm(&layer.attention_norm),
            up: linear(&layer.feed_forward.up),
            down: linear(&layer.feed_forward.down),
            feed_forward_norm: norm(&layer.feed_forward_norm),
        }
    }

    fn forward(&self, x: &Array) -> Array {
        let none = Epilogue::default();
        let [batch, seq, heads, head_dim] = self.split;
        let q = split_heads(&linear(x, &self.query, none), self.split);
        let k = split_heads(&linear(x, &self.key, none), self.split);
        let v = split_heads(&linear(x, &self.value, none), self.split);
        let heads_merged = [batch, seq, heads * head_dim];
        let merged = Bare::reshape(&Bare::permute(&attend(&q, &k, &v), &[0, 2, 1, 3]), &heads_merged);
        let onto = |x| Epilogue { residual: Some(x), ..none };
        let x = norm(linear(&merged, &self.output, onto(x)), &self.attention_norm);
        let hidden = linear(&x, &self.up, GELU);
        norm(linear(&hidden, &self.down, onto(&x)), &self.feed_forward_norm)
    }
}
