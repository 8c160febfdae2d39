//! Attention with more than a mask.

use crate::plain::{close, softmax, wide};
use congruent::mask::{relative_ids, t5_bucket};
use congruent::nn::{AttentionOptions, Embedding, Linear, MultiHeadAttention, attention_with};
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 8; Heads = 2; HeadDim = 4; Buckets = 8; Run; }

/// Attention of (heads, queries, head_dim) and (heads, keys, head_dim) by loops.
fn by_loops(
    [q, k, v]: [&[f64]; 3],
    [batch, heads, queries, keys, d]: [usize; 5],
    scale: f64,
    score: impl Fn(usize, usize, usize) -> f64,
) -> Vec<f64> {
    let mut y = Vec::new();
    for b in 0..batch {
        for h in 0..heads {
            for i in 0..queries {
                let q = &q[((b * heads + h) * queries + i) * d..][..d];
                let at = |j: usize| ((b * heads + h) * keys + j) * d;
                let scores: Vec<f64> = (0..keys)
                    .map(|j| scale * q.iter().zip(&k[at(j)..]).map(|(q, k)| q * k).sum::<f64>() + score(h, i, j))
                    .collect();
                let weights = softmax(&scores);
                for e in 0..d {
                    y.push((0..keys).map(|j| weights[j] * v[at(j) + e]).sum());
                }
            }
        }
    }
    y
}

// T5 relative bias, generic.
#[derive(Module)]
struct T5Attention<E, H, D, N> {
    q: Linear<E, Times<H, D>>,
    k: Linear<E, Times<H, D>>,
    v: Linear<E, Times<H, D>>,
    o: Linear<Times<H, D>, E>,
    bias: Embedding<N, H>,
}
impl<E: Dense, H: Dense, D: Dense, N: Dense> T5Attention<E, H, D, N> {
    fn forward<B: Dim, S: Dense>(&self, x: &Tensor<(B, S, E)>) -> Tensor<(B, S, E)> {
        let [q, k, v] = [&self.q, &self.k, &self.v].map(|layer| layer.forward(x).split_heads());
        let seq = x.dim(At::<1>);
        let (buckets, _) = self.bias.weight.shape();
        let ids = relative_ids(seq, seq, buckets, |d| t5_bucket(d, true, buckets.size(), 16)).unwrap();
        let bias = rearrange!(self.bias.forward(&ids), "q k h -> h q k");
        let y = attention_with(&q, &k, &v, &Full, AttentionOptions::new().scale(1.0).bias(&bias));
        self.o.forward(&y.merge_heads())
    }
}
#[test]
fn t5() {
    let rng = &mut Rng::with_seed(1);
    let layer = T5Attention {
        q: Linear::random(Embed, Times(Heads, HeadDim), rng),
        k: Linear::random(Embed, Times(Heads, HeadDim), rng),
        v: Linear::random(Embed, Times(Heads, HeadDim), rng),
        o: Linear::random(Times(Heads, HeadDim), Embed, rng),
        bias: Embedding::random(Buckets, Heads, rng),
    };
    let x = Tensor::normal((Batch, Seq, Embed), 0.0, 1.0, rng);
    let heads = |l: &Linear<Embed, Times<Heads, HeadDim>>| wide(&l.forward(&x).split_heads());
    let [q, k, v] = [heads(&layer.q), heads(&layer.k), heads(&layer.v)];
    let table = wide(&layer.bias.weight);
    let y = by_loops([&q, &k, &v], [2, 2, 5, 5, 4], 1.0, |h, i, j| {
        table[t5_bucket(j as isize - i as isize, true, 8, 16) as usize * 2 + h]
    });
    let y = Tensor::from_vec((Batch, Heads, Seq, HeadDim), y.iter().map(|y| *y as f32).collect()).unwrap();
    close(&layer.forward(&x), &wide(&layer.o.forward(&y.merge_heads())));
}

// A sliding window whose first tokens stay visible, run-time.
#[test]
fn window_and_first_tokens() {
    let rng = &mut Rng::with_seed(3);
    bind!(seq: Run = 9);
    let [q, k, v] = [(); 3].map(|()| Tensor::normal((Batch, Heads, seq, HeadDim), 0.0, 1.0, rng));
    let near = Allowed::by_position(seq, seq, |i, j| i < j + 3 || j < 2);
    let y = attention(&q, &k, &v, &Causal.and(near));
    let expected = by_loops([&wide(&q), &wide(&k), &wide(&v)], [2, 2, 9, 9, 4], 0.5, |_, i, j| {
        if j <= i && (i - j < 3 || j < 2) { 0.0 } else { f64::NEG_INFINITY }
    });
    close(&y, &expected);
}

// Perceiver: latents attend to an input of any length, generic.
#[derive(Module)]
struct Perceiver<L, E, H, D> {
    latents: Tensor<(L, E)>,
    cross: MultiHeadAttention<E, H, D>,
    own: MultiHeadAttention<E, H, D>,
}
impl<L: Dense, E: Dense, H: Dense, D: Dense> Perceiver<L, E, H, D> {
    fn forward<B: Dim, S: Whole>(&self, x: &Tensor<(B, S, E)>, lengths: &Lengths<B, S>) -> Tensor<(B, E)> {
        let latents = self.latents.expand(x.dim(At::<0>));
        let latents = &latents + self.cross.cross(&latents, x, lengths);
        let latents = &latents + self.own.forward(&latents, &Full);
        latents.mean(At::<1>)
    }
}
#[test]
fn perceiver() {
    let rng = &mut Rng::with_seed(5);
    let model = Perceiver {
        latents: Tensor::normal((Buckets, Embed), 0.0, 1.0, rng),
        cross: MultiHeadAttention::random(Embed, Heads, HeadDim, rng),
        own: MultiHeadAttention::random(Embed, Heads, HeadDim, rng),
    };
    bind!(seq: Ragged<Run> = 7);
    let x = Tensor::normal((Batch, seq, Embed), 0.0, 1.0, rng);
    let y = model.forward(&x, &Lengths::new(Batch, seq, &[7, 4]).unwrap());
    // The second alone, without its padding.
    bind!(four: Run = 4);
    let alone: Tensor<(N<1>, _, Embed)> = x
        .fill_padding(&Lengths::new(Batch, seq, &[7, 4]).unwrap(), 0.0)
        .narrow(At::<1>, 0, four)
        .unwrap()
        .narrow(Batch, 1, N::<1>)
        .unwrap();
    let alone = model.forward(&alone, &Lengths::new(N::<1>, four, &[4]).unwrap());
    close(&alone.at(At::<0>, 0).unwrap(), &wide(&y.at(Batch, 1).unwrap()));
}

// Documents of their own beside a cache, which begin elsewhere in each sequence. Static.
#[test]
fn documents_beside_a_cache() {
    let rng = &mut Rng::with_seed(6);
    let keys = Plus(N::<3>, Seq);
    let q = Tensor::normal((Batch, Heads, Seq, HeadDim), 0.0, 1.0, rng);
    let k = Tensor::normal((Batch, Heads, keys, HeadDim), 0.0, 1.0, rng);
    let begins = [2, 5];
    let own = Allowed::by_position_of_each(Batch, Seq, keys, |sequence, i, j| {
        j <= i && (j < begins[sequence]) == (i < begins[sequence])
    });
    let y = attention(&q, &k, &k, &own);
    // A document alone: queries from 5 on of the second sequence, which are its last three.
    let (q, k) = (q.narrow(Batch, 1, N::<1>).unwrap(), k.narrow(Batch, 1, N::<1>).unwrap());
    let (q, k) = (q.narrow(Seq, 2, N::<3>).unwrap(), k.narrow(keys, 5, N::<3>).unwrap());
    let alone = attention(&q, &k, &k, &Causal);
    close(&alone, &wide(&y.narrow(Batch, 1, N::<1>).unwrap().narrow(Seq, 2, N::<3>).unwrap()));
}
