//! Every layer against the values that PyTorch calculates.

use crate::common::layers::{HEADS, encoder_layer, feed_forward, multi_head, norm, turned};
use crate::common::{Case, reference};
use congruent::backend::Backend;
use congruent::io::SafeTensors;
use congruent::nn::{
    Activation, DecoderLayer, Embedding, LayerNorm, Linear, NormOrder, RmsNorm, RotaryLayout, attention,
    attention_weights,
};
use congruent::prelude::*;

dims! { Batch; Heads; KeyHeads; Group; Queries; Keys; Past; HeadDim; Value; Seq; MemorySeq; Embed; Hidden; Rows; }

fn file() -> SafeTensors {
    SafeTensors::open(reference("layers.safetensors")).unwrap()
}

/// Attention to as many keys as the case has, and its weights times the values.
macro_rules! attention_case { ($name:literal, $case:ident, $batch:ident, $queries:ident, $keys:ident, $mask:expr) => {
    let file = file();
    let $case = Case { file: &file, name: $name };
    let [batch, heads, queries, head_dim] = $case.sizes("in.q");
    let [_, _, keys, value] = $case.sizes("in.v");
    bind!($batch: Batch = batch, heads: Heads = heads, $queries: Queries = queries, $keys: Keys = keys);
    bind!(head_dim: HeadDim = head_dim, value: Value = value);
    let q = $case.tensor("in.q", ($batch, heads, $queries, head_dim));
    let k = $case.tensor("in.k", ($batch, heads, $keys, head_dim));
    let v = $case.tensor("in.v", ($batch, heads, $keys, value));
    let mask = $mask;
    $case.assert(&attention(&q, &k, &v, &mask));
    let weights = attention_weights(&q, &k, &mask);
    $case.assert(&einsum!("b h q k, b h k v -> b h q v", weights, v));
} }

/// The same with queries that are the keys.
macro_rules! self_attention_case { ($name:literal, $case:ident, $batch:ident, $keys:ident, $mask:expr) => {
    let file = file();
    let $case = Case { file: &file, name: $name };
    let [batch, heads, keys, head_dim] = $case.sizes("in.q");
    let [_, _, _, value] = $case.sizes("in.v");
    bind!($batch: Batch = batch, heads: Heads = heads, $keys: Ragged<Keys> = keys);
    bind!(head_dim: HeadDim = head_dim, value: Value = value);
    let q = $case.tensor("in.q", ($batch, heads, $keys, head_dim));
    let k = $case.tensor("in.k", ($batch, heads, $keys, head_dim));
    let v = $case.tensor("in.v", ($batch, heads, $keys, value));
    $case.assert(&attention(&q, &k, &v, &$mask));
} }

#[test]
fn attention_full() {
    attention_case!("attention_full", case, batch, queries, keys, Full);
}

#[test]
fn attention_to_one_key() {
    attention_case!("attention_one_key", case, batch, queries, keys, Full);
}

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
        Causal.and(Lengths::new(batch, keys, &case.lengths()).unwrap())
    });
}

#[test]
fn attention_padded() {
    let file = file();
    for name in ["attention_padded", "attention_padded_empty"] {
        let case = Case { file: &file, name };
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
fn attention_causal_cached() {
    let file = file();
    let case = Case { file: &file, name: "attention_causal_cached" };
    let [batch, heads, queries, head_dim] = case.sizes("in.q");
    let [_, _, keys, value] = case.sizes("in.v");
    bind!(batch: Batch = batch, heads: Heads = heads, past: Past = keys - queries, new: Queries = queries);
    bind!(head_dim: HeadDim = head_dim, value: Value = value);
    let q = case.tensor("in.q", (batch, heads, new, head_dim));
    let k = case.tensor("in.k", (batch, heads, Plus(past, new), head_dim));
    let v = case.tensor("in.v", (batch, heads, Plus(past, new), value));
    case.assert(&attention(&q, &k, &v, &Causal));
}

#[test]
fn attention_grouped() {
    let file = file();
    let case = Case { file: &file, name: "attention_grouped" };
    let [batch, heads, queries, head_dim] = case.sizes("in.q");
    let [_, key_heads, keys, value] = case.sizes("in.v");
    bind!(batch: Batch = batch, group: Group = heads / key_heads, key_heads: KeyHeads = key_heads);
    bind!(queries: Queries = queries, keys: Keys = keys, head_dim: HeadDim = head_dim, value: Value = value);
    let q = case.tensor("in.q", (batch, Times(key_heads, group), queries, head_dim));
    let k = case.tensor("in.k", (batch, key_heads, keys, head_dim));
    let v = case.tensor("in.v", (batch, key_heads, keys, value));
    case.assert(&attention(&q, &k, &v, &Full));
    let weights = attention_weights(&q, &k, &Full).split(Times(key_heads, group));
    case.assert(&einsum!("b h g q k, b h k v -> b h g q v", weights, v).merge(key_heads, group));
}

#[test]
fn linear_and_norms() {
    let file = file();
    let case = Case { file: &file, name: "linear" };
    let ([batch, seq, embed], [hidden]) = (case.sizes("in.x"), case.sizes("in.bias"));
    bind!(batch: Batch = batch, seq: Seq = seq, embed: Embed = embed, hidden: Hidden = hidden);
    let x = case.tensor("in.x", (batch, seq, embed));
    let (weight, bias) = (case.tensor("in.weight", (hidden, embed)), case.tensor("in.bias", (hidden,)));
    case.assert(&Linear { weight: weight.clone(), bias: Some(bias.clone()) }.forward(&x));
    case.assert(&(x.matmul(&weight.transpose(hidden, embed)) + &bias));

    let case = Case { file: &file, name: "layer_norm" };
    let x = case.tensor("in.x", (batch, seq, embed));
    let (weight, bias) = (case.tensor("in.weight", (embed,)), Some(case.tensor("in.bias", (embed,))));
    case.assert(&LayerNorm { weight, bias, epsilon: 1e-5 }.forward(&x));

    let case = Case { file: &file, name: "rms_norm" };
    let x = case.tensor("in.x", (batch, seq, embed));
    case.assert(&RmsNorm { weight: case.tensor("in.weight", (embed,)), epsilon: 1e-5 }.forward(&x));
}

#[test]
fn functions() {
    let file = file();
    let case = |name| Case { file: &file, name };
    let [batch, seq, embed] = case("gelu").sizes("in.x");
    bind!(batch: Batch = batch, seq: Seq = seq, embed: Embed = embed);
    let x = |name| case(name).tensor("in.x", (batch, seq, embed));
    case("softmax").assert(&x("softmax").softmax(embed));
    case("log_softmax").assert(&x("log_softmax").log_softmax(embed));
    case("tanh").assert(&x("tanh").tanh());
    case("sigmoid").assert(&x("sigmoid").sigmoid());
    for (name, activation) in [
        ("gelu", Activation::Gelu),
        ("gelu_tanh", Activation::GeluTanh),
        ("silu", Activation::Silu),
        ("relu", Activation::Relu),
    ] {
        case(name).assert(&activation.forward(&x(name)));
    }
}

#[test]
fn embedding() {
    let file = file();
    let case = Case { file: &file, name: "embedding" };
    let ([rows, embed], [batch, seq]) = (case.sizes("in.weight"), case.sizes("in.ids"));
    bind!(rows: Rows = rows, embed: Embed = embed, batch: Batch = batch, seq: Seq = seq);
    let ids: Vec<u32> = case.of::<i32, _>("in.ids", (batch, seq)).cast::<u32>().to_vec();
    let ids = Ids::new((batch, seq), rows, &ids).unwrap();
    case.assert(&Embedding { weight: case.tensor("in.weight", (rows, embed)) }.forward(&ids));
}

#[test]
fn rotary_positions() {
    let file = file();
    for (name, layout) in [("rotary_half", RotaryLayout::Half), ("rotary_interleaved", RotaryLayout::Interleaved)] {
        let case = Case { file: &file, name };
        let [batch, heads, seq, head_dim] = case.sizes("in.x");
        bind!(batch: Batch = batch, heads: Heads = heads, seq: Seq = seq, head_dim: HeadDim = head_dim);
        case.assert(&turned(&case.tensor("in.x", (batch, heads, seq, head_dim)), layout));
    }
}

#[test]
fn multi_head_attention() {
    let file = file();
    let case = Case { file: &file, name: "multi_head_attention" };
    let [batch, seq, width] = case.sizes("in.x");
    bind!(batch: Batch = batch, seq: Seq = seq, embed: Embed = width, heads: Heads = HEADS, head_dim: HeadDim = width / HEADS);
    let layer = multi_head(&case, "m", embed, heads, head_dim);
    let x = case.tensor("in.x", (batch, seq, embed));
    case.assert(&layer.forward(&x, &Full));
    case.assert(&layer.cross(&x, &x, &Full));
}

#[test]
fn encoder_layers() {
    let file = file();
    for (name, order) in [("encoder_layer_pre_norm", NormOrder::Pre), ("encoder_layer_post_norm", NormOrder::Post)] {
        let case = Case { file: &file, name };
        let ([batch, seq, width], [hidden]) = (case.sizes("in.x"), case.sizes("in.m_linear1_bias"));
        bind!(batch: Batch = batch, seq: Seq = seq, embed: Embed = width, hidden: Hidden = hidden);
        bind!(heads: Heads = HEADS, head_dim: HeadDim = width / HEADS);
        let layer = encoder_layer(&case, order, embed, heads, head_dim, hidden);
        case.assert(&layer.forward(&case.tensor("in.x", (batch, seq, embed)), &Full));
    }
}

#[test]
fn encoder_layer_padded() {
    let file = file();
    let case = Case { file: &file, name: "encoder_layer_padded" };
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

#[test]
fn decoder_layer() {
    let file = file();
    let case = Case { file: &file, name: "decoder_layer_cross" };
    let ([batch, seq, width], [_, memory_seq, _], [hidden]) =
        (case.sizes("in.x"), case.sizes("memory"), case.sizes("in.m_linear1_bias"));
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
    let memory = case.tensor("memory", (batch, memory_seq, embed));
    case.assert(&layer.forward(&case.tensor("in.x", (batch, seq, embed)), &memory, &Causal, &Full));
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
