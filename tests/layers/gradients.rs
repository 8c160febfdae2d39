//! Gradients against those that PyTorch calculates, of every case that has them.

use crate::common::layers::{HEADS, Inputs, encoder_layer, feed_forward, multi_head, norm, turned};
use crate::common::{Case, reference};
use congruent::backend::{Autodiff, Backend, Binary, Reduce};
use congruent::cpu::Array;
use congruent::io::SafeTensors;
use congruent::nn::{
    Activation, DecoderLayer, Embedding, LayerNorm, Linear, NormOrder, RmsNorm, RotaryLayout, attention,
    attention_weights, cross_entropy, mean_where, smoothed_cross_entropy,
};
use congruent::optim::{Adam, AdamW, Optimizer, Sgd};
use congruent::prelude::*;
use std::cell::RefCell;

dims! { Batch; Heads; KeyHeads; Group; Queries; Keys; Past; HeadDim; Value; Seq; MemorySeq; Embed; Hidden; Rows; }

fn file() -> SafeTensors {
    SafeTensors::open(reference("layers.safetensors")).unwrap()
}

/// A case whose inputs are tracked.
struct Tracked<'a> {
    case: Case<'a>,
    inputs: RefCell<Vec<(String, Array<f32>)>>,
}

impl Inputs for Tracked<'_> {
    fn input<S: Shape>(&self, name: &str, shape: S) -> Tensor<S> {
        let x = self.case.input(name, shape).tracked();
        self.inputs.borrow_mut().push((name.to_owned(), x.array().clone()));
        x
    }
}

impl<'a> Tracked<'a> {
    fn new(file: &'a SafeTensors, name: &'a str) -> Self {
        Tracked { case: Case { file, name }, inputs: RefCell::default() }
    }

    /// The gradients of `sum(y · cot)` within `1e-5` of numbers around 1, as the results are: they were calculated in
    /// double precision and stored in single, ours are single throughout.
    fn assert<S: Shape>(&self, y: &Tensor<S>) {
        let cot = self.case.tensor("cot", y.shape());
        let terms = Cpu::<f32>::binary(Binary::Mul, y.array().clone(), cot.into_array());
        let count = y.shape().elements();
        let sum = Cpu::<f32>::reduce(Reduce::Sum, &Cpu::<f32>::reshape(&terms, &[count]), 0);
        let gradients = Cpu::<f32>::backward(sum);
        for (name, input) in self.inputs.borrow().iter() {
            let found = Cpu::<f32>::gradient(&gradients, input).expect("the loss depends on every input");
            assert_eq!(found.sizes(), input.sizes());
            let expected = self.expected(name, input.sizes());
            for (at, (found, expected)) in found.elements().iter().zip(expected).enumerate() {
                let near = (found - expected).abs() <= 1e-5 * expected.abs().max(1.0);
                assert!(near, "{}, {name}: {found} for {expected} at {at}", self.case.name);
            }
        }
    }

    fn expected(&self, name: &str, sizes: &[usize]) -> Vec<f32> {
        let name = format!("grad.{name}");
        match *sizes {
            [a] => Seq::with(a, |a| self.case.tensor(&name, (a,)).to_vec()),
            [a, b] => Seq::with(a, |a| Embed::with(b, |b| self.case.tensor(&name, (a, b)).to_vec())),
            [a, b, c] => {
                bind!(a: Batch = a, b: Seq = b, c: Embed = c);
                self.case.tensor(&name, (a, b, c)).to_vec()
            }
            [a, b, c, d] => {
                bind!(a: Batch = a, b: Heads = b, c: Seq = c, d: HeadDim = d);
                self.case.tensor(&name, (a, b, c, d)).to_vec()
            }
            _ => panic!("no case has such an input"),
        }
    }
}

/// Attention by one operation, and by its weights.
macro_rules! attention_case { ($name:literal, $case:ident, $batch:ident, $queries:ident, $keys:ident, $Keys:expr, $mask:expr) => {
    let file = file();
    let $case = Tracked::new(&file, $name);
    let [batch, heads, queries, head_dim] = $case.case.sizes("in.q");
    let [_, _, keys, value] = $case.case.sizes("in.v");
    bind!($batch: Batch = batch, heads: Heads = heads, $queries: Queries = queries, keys: Keys = keys);
    bind!(head_dim: HeadDim = head_dim, value: Value = value);
    let $keys = $Keys(keys);
    let q = $case.input("q", ($batch, heads, $queries, head_dim));
    let k = $case.input("k", ($batch, heads, $keys, head_dim));
    let v = $case.input("v", ($batch, heads, $keys, value));
    let mask = $mask;
    $case.assert(&attention(&q, &k, &v, &mask));
} }

#[test]
fn attention_full() {
    attention_case!("attention_full", case, batch, queries, keys, |keys| keys, Full);
}

#[test]
fn attention_to_one_key() {
    let file = file();
    let case = Tracked::new(&file, "attention_one_key");
    bind!(batch: Batch = 2, heads: Heads = 3, queries: Queries = 1, keys: Keys = 1, head_dim: HeadDim = 8, value: Value = 6);
    let q = case.input("q", (batch, heads, queries, head_dim));
    let k = case.input("k", (batch, heads, keys, head_dim));
    let v = case.input("v", (batch, heads, keys, value));
    case.assert(&attention(&q, &k, &v, &Full));
}

#[test]
fn attention_padded() {
    attention_case!("attention_padded", case, batch, queries, keys, Ragged, {
        Lengths::new(batch, keys, &case.case.lengths()).unwrap()
    });
}

#[test]
fn attention_padded_empty() {
    attention_case!("attention_padded_empty", case, batch, queries, keys, Ragged, {
        Lengths::new(batch, keys, &case.case.lengths()).unwrap()
    });
}

/// The same with queries that are the keys.
macro_rules! self_attention_case { ($name:literal, $case:ident, $batch:ident, $keys:ident, $mask:expr) => {
    let file = file();
    let $case = Tracked::new(&file, $name);
    let [batch, heads, keys, head_dim] = $case.case.sizes("in.q");
    let [_, _, _, value] = $case.case.sizes("in.v");
    bind!($batch: Batch = batch, heads: Heads = heads, $keys: Ragged<Keys> = keys);
    bind!(head_dim: HeadDim = head_dim, value: Value = value);
    let q = $case.input("q", ($batch, heads, $keys, head_dim));
    let k = $case.input("k", ($batch, heads, $keys, head_dim));
    let v = $case.input("v", ($batch, heads, $keys, value));
    $case.assert(&attention(&q, &k, &v, &$mask));
} }

#[test]
fn attention_causal() {
    let all = |keys: usize| vec![keys; 64];
    self_attention_case!("attention_causal", case, batch, keys, {
        Causal.and(Lengths::new(batch, keys, &all(keys.size())[..batch.size()]).unwrap())
    });
}

#[test]
fn attention_causal_padded() {
    self_attention_case!("attention_causal_padded", case, batch, keys, {
        Causal.and(Lengths::new(batch, keys, &case.case.lengths()).unwrap())
    });
}

#[test]
fn attention_causal_cached() {
    let file = file();
    let case = Tracked::new(&file, "attention_causal_cached");
    let [batch, heads, queries, head_dim] = case.case.sizes("in.q");
    let [_, _, keys, value] = case.case.sizes("in.v");
    bind!(batch: Batch = batch, heads: Heads = heads, past: Past = keys - queries, new: Queries = queries);
    bind!(head_dim: HeadDim = head_dim, value: Value = value);
    let q = case.input("q", (batch, heads, new, head_dim));
    let k = case.input("k", (batch, heads, Plus(past, new), head_dim));
    let v = case.input("v", (batch, heads, Plus(past, new), value));
    case.assert(&attention(&q, &k, &v, &Causal));
}

#[test]
fn attention_grouped() {
    let file = file();
    let case = Tracked::new(&file, "attention_grouped");
    let [batch, heads, queries, head_dim] = case.case.sizes("in.q");
    let [_, key_heads, keys, value] = case.case.sizes("in.v");
    bind!(batch: Batch = batch, group: Group = heads / key_heads, key_heads: KeyHeads = key_heads);
    bind!(queries: Queries = queries, keys: Keys = keys, head_dim: HeadDim = head_dim, value: Value = value);
    let q = case.input("q", (batch, Times(key_heads, group), queries, head_dim));
    let k = case.input("k", (batch, key_heads, keys, head_dim));
    let v = case.input("v", (batch, key_heads, keys, value));
    case.assert(&attention(&q, &k, &v, &Full));
    let weights = attention_weights(&q, &k, &Full).split(Times(key_heads, group));
    case.assert(&einsum!("b h g q k, b h k v -> b h g q v", weights, v).merge(key_heads, group));
}

#[test]
fn linear_and_norms() {
    let file = file();
    let case = Tracked::new(&file, "linear");
    let ([batch, seq, embed], [hidden]) = (case.case.sizes("in.x"), case.case.sizes("in.bias"));
    bind!(batch: Batch = batch, seq: Seq = seq, embed: Embed = embed, hidden: Hidden = hidden);
    let x = case.input("x", (batch, seq, embed));
    let (weight, bias) = (case.input("weight", (hidden, embed)), case.input("bias", (hidden,)));
    case.assert(&Linear { weight: weight.clone(), bias: Some(bias.clone()) }.forward(&x));
    case.assert(&(x.matmul(&weight.transpose(hidden, embed)) + &bias));

    let case = Tracked::new(&file, "layer_norm");
    let x = case.input("x", (batch, seq, embed));
    let (weight, bias) = (case.input("weight", (embed,)), Some(case.input("bias", (embed,))));
    case.assert(&LayerNorm { weight, bias, epsilon: 1e-5 }.forward(&x));

    let case = Tracked::new(&file, "rms_norm");
    let x = case.input("x", (batch, seq, embed));
    case.assert(&RmsNorm { weight: case.input("weight", (embed,)), epsilon: 1e-5 }.forward(&x));
}

#[test]
fn functions() {
    let file = file();
    let [batch, seq, embed] = Tracked::new(&file, "gelu").case.sizes("in.x");
    bind!(batch: Batch = batch, seq: Seq = seq, embed: Embed = embed);
    macro_rules! case {
        ($name:literal, $f:expr) => {
            let case = Tracked::new(&file, $name);
            let x = case.input("x", (batch, seq, embed));
            case.assert(&$f(x));
        };
    }
    case!("softmax", |x: Tensor<_>| x.softmax(embed));
    case!("log_softmax", |x: Tensor<_>| x.log_softmax(embed).into_tensor());
    case!("tanh", |x: Tensor<_>| x.tanh());
    case!("sigmoid", |x: Tensor<_>| x.sigmoid());
    case!("gelu", |x| Activation::Gelu.forward(&x));
    case!("gelu_tanh", |x| Activation::GeluTanh.forward(&x));
    case!("silu", |x| Activation::Silu.forward(&x));
    case!("relu", |x| Activation::Relu.forward(&x));
}

#[test]
fn embedding() {
    let file = file();
    let case = Tracked::new(&file, "embedding");
    let ([rows, embed], [batch, seq]) = (case.case.sizes("in.weight"), case.case.sizes("in.ids"));
    bind!(rows: Rows = rows, embed: Embed = embed, batch: Batch = batch, seq: Seq = seq);
    let ids: Vec<u32> = case.case.of::<i32, _>("in.ids", (batch, seq)).cast::<u32>().to_vec();
    let ids = Ids::new((batch, seq), rows, &ids).unwrap();
    case.assert(&Embedding { weight: case.input("weight", (rows, embed)) }.forward(&ids));
}

#[test]
fn cross_entropies() {
    let file = file();
    bind!(batch: Batch = 6, rows: Rows = 9, one: Seq = 1);
    let case = Tracked::new(&file, "cross_entropy");
    let targets = case.case.of::<i32, _>("in.targets", (batch,)).to_vec();
    let known = Cpu::from_vec((batch,), targets.iter().map(|target| *target >= 0).collect()).unwrap();
    let targets: Vec<u32> = targets.into_iter().map(|id| id.max(0) as u32).collect();
    let losses = cross_entropy(&case.input("logits", (batch, rows)), &Ids::new((batch,), rows, &targets).unwrap());
    let loss = mean_where(&losses, &known);
    case.assert(&Tensor::try_from_array((one,), Cpu::<f32>::reshape(loss.array(), &[1])).unwrap());

    let case = Tracked::new(&file, "cross_entropy_smoothed");
    let targets = case.case.of::<i32, _>("in.targets", (batch,)).cast::<u32>().to_vec();
    let targets = Ids::new((batch,), rows, &targets).unwrap();
    let loss = smoothed_cross_entropy(&case.input("logits", (batch, rows)), &targets, 0.1).mean(batch);
    let loss = Tensor::try_from_array((one,), Cpu::<f32>::reshape(loss.array(), &[1])).unwrap();
    case.case.assert(&loss);
    case.assert(&loss);
}

#[test]
fn rotary_positions() {
    let file = file();
    for (name, layout) in [("rotary_half", RotaryLayout::Half), ("rotary_interleaved", RotaryLayout::Interleaved)] {
        let case = Tracked::new(&file, name);
        let [batch, heads, seq, head_dim] = case.case.sizes("in.x");
        bind!(batch: Batch = batch, heads: Heads = heads, seq: Seq = seq, head_dim: HeadDim = head_dim);
        case.assert(&turned(&case.input("x", (batch, heads, seq, head_dim)), layout));
    }
}

#[test]
fn multi_head_attention() {
    let file = file();
    let case = Tracked::new(&file, "multi_head_attention");
    let [batch, seq, width] = case.case.sizes("in.x");
    bind!(batch: Batch = batch, seq: Seq = seq, embed: Embed = width, heads: Heads = HEADS, head_dim: HeadDim = width / HEADS);
    let layer = multi_head(&case, "m", embed, heads, head_dim);
    let x = case.input("x", (batch, seq, embed));
    case.assert(&layer.forward(&x, &Full));
    case.assert(&layer.cross(&x, &x, &Full));
}

#[test]
fn encoder_layers() {
    let file = file();
    for (name, order) in [("encoder_layer_pre_norm", NormOrder::Pre), ("encoder_layer_post_norm", NormOrder::Post)] {
        let case = Tracked::new(&file, name);
        let ([batch, seq, width], [hidden]) = (case.case.sizes("in.x"), case.case.sizes("in.m_linear1_bias"));
        bind!(batch: Batch = batch, seq: Seq = seq, embed: Embed = width, hidden: Hidden = hidden);
        bind!(heads: Heads = HEADS, head_dim: HeadDim = width / HEADS);
        let layer = encoder_layer(&case, order, embed, heads, head_dim, hidden);
        case.assert(&layer.forward(&case.input("x", (batch, seq, embed)), &Full));
    }
}

#[test]
fn encoder_layer_padded() {
    let file = file();
    let case = Tracked::new(&file, "encoder_layer_padded");
    let ([batch, seq, width], [hidden]) = (case.case.sizes("in.x"), case.case.sizes("in.m_linear1_bias"));
    bind!(batch: Batch = batch, seq: Ragged<Seq> = seq, embed: Embed = width, hidden: Hidden = hidden);
    bind!(heads: Heads = HEADS, head_dim: HeadDim = width / HEADS);
    let layer = encoder_layer(&case, NormOrder::Post, embed, heads, head_dim, hidden);
    let lengths = Lengths::new(batch, seq, &case.case.lengths()).unwrap();
    case.assert(&layer.forward(&case.input("x", (batch, seq, embed)), &lengths));
}

#[test]
fn decoder_layer() {
    let file = file();
    let case = Tracked::new(&file, "decoder_layer_cross");
    let ([batch, seq, width], [hidden]) = (case.case.sizes("in.x"), case.case.sizes("in.m_linear1_bias"));
    let [_, memory_seq, _] = case.case.sizes("memory");
    bind!(batch: Batch = batch, seq: Seq = seq, memory_seq: MemorySeq = memory_seq, embed: Embed = width);
    bind!(hidden: Hidden = hidden, heads: Heads = HEADS, head_dim: HeadDim = width / HEADS);
    let layer = DecoderLayer {
        attention: multi_head(&case, "m_self_attn", embed, heads, head_dim),
        attention_norm: norm(&case, 1, embed),
        cross: multi_head(&case, "m_multihead_attn", embed, heads, head_dim),
        cross_norm: norm(&case, 2, embed),
        feed_forward: feed_forward(&case, Activation::Relu, embed, hidden),
        feed_forward_norm: norm(&case, 3, embed),
        order: NormOrder::Post,
    };
    let memory = case.case.tensor("memory", (batch, memory_seq, embed));
    case.assert(&layer.forward(&case.input("x", (batch, seq, embed)), &memory, &Causal, &Full));
}

/// Five steps down `sum((w · a - b)²)`, within `1e-5` of numbers around 1: PyTorch's steps are in double precision.
#[test]
fn optimizers_take_the_steps_of_pytorch() {
    let file = file();
    dims! { Rows = 4; Columns = 3; }
    let check = |name: &str, mut optimizer: Optimizer| {
        let case = Case { file: &file, name };
        let [mut w, a, b] = ["w", "a", "b"].map(|input| case.input(input, (Rows, Columns)));
        w.track();
        for _ in 0..5 {
            let gradients = (&w * &a - &b).square().sum(Rows).sum(Columns).backward();
            optimizer.step(&mut w, &gradients, 1.0);
        }
        let expected = case.tensor("out.w", (Rows, Columns));
        let distance = (w - expected).abs().to_vec().into_iter().fold(0.0, f32::max);
        assert!(distance < 1e-5, "{name}: {distance}");
    };
    check("sgd_momentum", Optimizer::new(Sgd { learning_rate: 0.01, momentum: 0.9, ..Sgd::default() }));
    check("adam", Optimizer::new(Adam { learning_rate: 0.01, ..Adam::default() }));
    let adam_w = AdamW { learning_rate: 0.01, weight_decay: 0.1, betas: [0.9, 0.95], ..AdamW::default() };
    check("adamw", Optimizer::new(adam_w));
}
