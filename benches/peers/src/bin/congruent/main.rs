//! congruent, by its typed tensors and layers, with sizes that only run time knows.
//!
//! `congruent prepare FOLDER` finds the model and writes the token ids of `sentences.txt`, for all peers.

mod operations;
mod rounded;
mod training;

use congruent::nn::{Activation, Encoder, EncoderLayer, FeedForward, LayerNorm, Linear, MultiHeadAttention, NormOrder};
use congruent::nn::{GatedFeedForward, GroupedQueryAttention, KeyValueCache, LlamaDecoder, LlamaLayer, RmsNorm};
use congruent::nn::{Rotary, RotaryLayout};
use congruent::{fuse, prelude::*};
use minilm::{MiniLm, PUBLISHED, find_or_fetch};
use peers::{Bench, each_case, input, weights, without_padding};
use std::path::Path;

dims! { Rows; Inner; Columns; Batch; Seq; Heads; Group; HeadDim; Hidden; }

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("prepare") => prepare(Path::new(&std::env::args().nth(2).expect("prepare FOLDER"))),
        _ => each_case(case),
    }
}

fn case(bench: &Bench) {
    if operations::case(bench) || rounded::case(bench) {
        return;
    }
    match (bench.kind.as_str(), bench.sizes.as_slice()) {
        ("matmul", &[m, k, n]) => {
            bind!(m: Rows = m, k: Inner = k, n: Columns = n);
            let (a, b) = (tensor(1, (m, k)), tensor(2, (k, n)));
            bench.run(|| a.matmul(&b), Tensor::to_vec);
        }
        ("linear", &[m, k, n]) => {
            bind!(m: Rows = m, k: Inner = k, n: Columns = n);
            let (x, layer) = (tensor(1, (m, k)), Linear { bias: None, ..linear(2, k, n) });
            bench.run(|| layer.forward(&x), Tensor::to_vec);
        }
        ("batch_matmul", &[b, m, k, n]) => {
            bind!(batch: Batch = b, m: Rows = m, k: Inner = k, n: Columns = n);
            let (a, b) = (tensor(1, (batch, m, k)), tensor(2, (batch, k, n)));
            bench.run(|| a.matmul(&b), Tensor::to_vec);
        }
        (kind @ ("attention" | "causal_attention"), &[b, h, s, d]) => {
            bind!(batch: Batch = b, heads: Heads = h, seq: Seq = s, head_dim: HeadDim = d);
            let [q, k, v] = [1, 2, 3].map(|seed| tensor(seed, (batch, heads, seq, head_dim)));
            match kind {
                "attention" => bench.run(|| attention(&q, &k, &v, &Full), Tensor::to_vec),
                _ => bench.run(|| attention(&q, &k, &v, &Causal), Tensor::to_vec),
            }
        }
        ("padded_attention", &[b, h, s, d]) => {
            bind!(batch: Batch = b, heads: Heads = h, seq: Seq = s, head_dim: HeadDim = d);
            let [q, k, v] = [1, 2, 3].map(|seed| tensor(seed, (batch, heads, Ragged(seq), head_dim)));
            let lengths = peers::lengths(b, s);
            let mask = Lengths::new(batch, Ragged(seq), &lengths).unwrap();
            bench.run(|| attention(&q, &k, &v, &mask), |y| without_padding(y.to_vec(), &lengths, h, d));
        }
        ("grouped_attention", &[b, h, g, s, d]) => {
            bind!(batch: Batch = b, heads: Heads = g, group: Group = h / g, seq: Seq = s, head_dim: HeadDim = d);
            let q = tensor(1, (batch, Times(heads, group), seq, head_dim));
            let [k, v] = [2, 3].map(|seed| tensor(seed, (batch, heads, seq, head_dim)));
            bench.run(|| attention(&q, &k, &v, &Full), Tensor::to_vec);
        }
        ("mha", &[b, s, h, d]) => {
            bind!(batch: Batch = b, seq: Seq = s, heads: Heads = h, head_dim: HeadDim = d);
            let (x, layer) = (tensor(1, (batch, seq, Times(heads, head_dim))), multi_head(2, heads, head_dim));
            bench.run(|| layer.forward(&x, &Full), Tensor::to_vec);
        }
        ("encoder", &[b, s, h, d, f]) => stack(bench, [b, s, h, d, f, 1]),
        ("stack", &[b, s, h, d, f, layers]) => stack(bench, [b, s, h, d, f, layers]),
        ("train_encoder", &[b, s, h, d, f]) => training::encoder(bench, [b, s, h, d, f]),
        ("train_decoder", &[b, s, v, h, d, f, layers]) => training::decoder(bench, [b, s, v, h, d, f, layers]),
        ("decode", &[keys, h, d, f]) => decode(bench, [keys, h, d, f]),
        ("llama_step", &[keys, h, g, d, f, layers]) => llama_step(bench, [keys, h, g, d, f, layers]),
        ("minilm", &[first, count]) => embed_texts(bench, first, count),
        ("linear_gelu_add", &[m, k, n]) => {
            bind!(m: Rows = m, k: Inner = k, n: Columns = n);
            let (x, layer, r) = (tensor(1, (m, k)), linear(2, k, n), tensor(4, (m, n)));
            bench.run(|| layer.forward_activated(&x, Activation::Gelu) + &r, Tensor::to_vec);
        }
        (_, &[rows, columns]) => {
            bind!(rows: Rows = rows, columns: Columns = columns);
            elementwise(bench, rows, columns);
        }
        _ => {}
    }
}

/// Encoder layers one after another.
fn stack(bench: &Bench, [b, s, h, d, f, layers]: [usize; 6]) {
    bind!(batch: Batch = b, seq: Seq = s, heads: Heads = h, head_dim: HeadDim = d, hidden: Hidden = f);
    let embed = Times(heads, head_dim);
    let layer = |_| encoder_layer(2, heads, head_dim, hidden, Activation::Relu, NormOrder::Post);
    let encoder = Encoder { layers: (0..layers).map(layer).collect() };
    let x = tensor(1, (batch, seq, embed));
    bench.run(|| encoder.forward(&x, &Full), Tensor::to_vec);
}

/// What one new token costs in a layer: it attends to `keys` that are there, and passes the feed-forward network.
fn decode(bench: &Bench, [keys, h, d, f]: [usize; 4]) {
    bind!(seq: Seq = keys, heads: Heads = h, head_dim: HeadDim = d, hidden: Hidden = f);
    let (batch, one) = (N::<1>, N::<1>);
    let embed = Times(heads, head_dim);
    let (layer, network) = (multi_head(2, heads, head_dim), feed_forward(10, embed, hidden, Activation::Gelu));
    let x = tensor(1, (batch, one, embed));
    let [k, v] = [2, 3].map(|seed| tensor(seed, (batch, heads, seq, head_dim)));
    let step = || {
        let attended = attention(&layer.query.forward(&x).split_heads(), &k, &v, &Full);
        let y = &x + layer.output.forward(&attended.merge_heads());
        &y + network.forward(&y)
    };
    bench.run(step, Tensor::to_vec);
}

/// One new token of a Llama, with the cache: the layers and the last norm, when `keys` positions were there before.
fn llama_step(bench: &Bench, [keys, h, g, d, f, layers]: [usize; 6]) {
    dims! { Positions; }
    bind!(seq: Seq = keys, heads: Heads = h, group: Group = g, head_dim: HeadDim = d, hidden: Hidden = f);
    bind!(positions: Positions = 2 * keys);
    let embed = Times(Times(heads, group), head_dim);
    let (batch, one) = (N::<1>, N::<1>);
    let mut rng = congruent::Rng::with_seed(1);
    let norm = RmsNorm { weight: tensor(3, (embed,)), epsilon: 1e-5 };
    let layer = |_| LlamaLayer {
        attention_norm: norm.clone(),
        attention: GroupedQueryAttention::random(embed, Times(heads, group), heads, head_dim, &mut rng),
        feed_forward_norm: norm.clone(),
        feed_forward: GatedFeedForward::random(embed, hidden, &mut rng),
    };
    let layers: Vec<_> = (0..layers).map(layer).collect();
    let rotary = Rotary::check(positions, head_dim, 10000.0, RotaryLayout::Half).expect("an even width");
    let mut cache = KeyValueCache::new(batch, heads, head_dim, positions, layers.len());
    let decoder = LlamaDecoder { layers, norm: norm.clone(), rotary };
    let (text, token) = (tensor(1, (batch, seq, embed)), tensor(2, (batch, one, embed)));
    cache.step(seq, |step| decoder.forward_cached(&text, step)).expect("there is room");
    let step = || {
        cache.truncate(keys).expect("there is no window");
        cache.step(one, |step| decoder.forward_cached(&token, step)).expect("there is room")
    };
    bench.run(step, Tensor::to_vec);
}

/// What works on the elements of a matrix, or on its rows.
fn elementwise<R: Dense, C: Dense>(bench: &Bench, rows: R, columns: C) {
    let [x, y, r] = [1, 2, 3].map(|seed| tensor(seed, (rows, columns)));
    match bench.kind.as_str() {
        "softmax" => bench.run(|| x.softmax(At::<1>), Tensor::to_vec),
        "layer_norm" => {
            let (weight, bias) = (tensor(2, (columns,)), Some(tensor(3, (columns,))));
            let norm = LayerNorm { weight, bias, epsilon: 1e-5 };
            bench.run(|| norm.forward(&x), Tensor::to_vec);
        }
        "gelu" => bench.run(|| x.gelu(), Tensor::to_vec),
        "gelu_tanh" => bench.run(|| x.gelu_tanh(), Tensor::to_vec),
        "chain" => bench.run(|| fuse((&x, &y), |x, y| (x * y + x).relu() * 0.5 + 1.0), Tensor::to_vec),
        "gelu_add" => {
            let bias = tensor(2, (columns,));
            bench.run(|| fuse((&r, &x, &bias), |r, x, bias| r + (x + bias).gelu()), Tensor::to_vec);
        }
        _ => {}
    }
}

/// As `MiniLm::embed`, on token ids.
fn embed_texts(bench: &Bench, first: usize, count: usize) {
    let model = MiniLm::load(&peers::model(), PUBLISHED).expect("the model can be read");
    let ids = peers::tokens(first, count);
    let embed = || model.embed_ids(&ids).unwrap().concat();
    bench.run(embed, Vec::clone);
}

fn tensor<S: Shape>(seed: u64, shape: S) -> Tensor<S> {
    let count = shape.sizes().as_ref().iter().product();
    Tensor::from_vec(shape, input(seed, count)).unwrap()
}

fn linear<I: Dim, O: Dim>(seed: u64, inputs: I, outputs: O) -> Linear<I, O> {
    let scaled = |seed, count| weights(seed, inputs.size(), count);
    Linear {
        weight: Tensor::from_vec((outputs, inputs), scaled(seed, outputs.size() * inputs.size())).unwrap(),
        bias: Some(Tensor::from_vec((outputs,), scaled(seed + 1, outputs.size())).unwrap()),
    }
}

fn feed_forward<E: Dim, F: Dim>(first: u64, embed: E, hidden: F, activation: Activation) -> FeedForward<E, F> {
    FeedForward { up: linear(first, embed, hidden), activation, down: linear(first + 2, hidden, embed) }
}

fn multi_head<H: Dim, D: Dim>(first: u64, heads: H, head_dim: D) -> MultiHeadAttention<Times<H, D>, H, D> {
    let embed = Times(heads, head_dim);
    let [query, key, value, output] = [0, 2, 4, 6].map(|seed| linear(first + seed, embed, embed));
    MultiHeadAttention { query, key, value, output }
}

/// A layer, the first of whose seeds is given.
fn encoder_layer<H: Dim, D: Dim, F: Dim>(
    first: u64,
    heads: H,
    head_dim: D,
    hidden: F,
    activation: Activation,
    order: NormOrder,
) -> EncoderLayer<Times<H, D>, H, D, F> {
    let embed = Times(heads, head_dim);
    EncoderLayer {
        attention: multi_head(first, heads, head_dim),
        attention_norm: LayerNorm::new(embed, 1e-5),
        feed_forward: feed_forward(first + 8, embed, hidden, activation),
        feed_forward_norm: LayerNorm::new(embed, 1e-5),
        order,
    }
}

fn prepare(folder: &Path) {
    let path = find_or_fetch(None).expect("the model can be fetched");
    let model = MiniLm::load(&path, PUBLISHED).expect("the model can be read");
    let sentences: Vec<&str> = include_str!("../../../sentences.txt").lines().collect();
    let ids = model.tokenize(&sentences).expect("the sentences can be tokenized");
    let line = |ids: &Vec<u32>| ids.iter().map(u32::to_string).collect::<Vec<_>>().join(" ") + "\n";
    std::fs::write(folder.join("tokens.txt"), ids.iter().map(line).collect::<String>()).unwrap();
    std::fs::write(folder.join("model.txt"), path.to_str().expect("a path in UTF-8")).unwrap();
}
