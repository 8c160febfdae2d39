//! The cases that PyTorch has calculated: each is compared by its values, and by its gradients, which are calculated in another way.

use super::gradients::Tracked;
use crate::common::layers::{HEADS, Inputs, encoder_layer, feed_forward, multi_head, norm, turned};
use crate::common::{Case, reference};
use congruent::io::SafeTensors;
use congruent::nn::{
    Activation, DecoderLayer, Embedding, LayerNorm, Linear, NormOrder, RmsNorm, RotaryLayout, attention,
    attention_weights,
};
use congruent::prelude::*;
use std::sync::LazyLock;

dims! { Batch; Heads; KeyHeads; Group; Queries; Keys; Past; HeadDim; Value; Seq; MemorySeq; Embed; Hidden; Rows; }

/// What is compared of a case.
pub trait Compared: Inputs {
    fn named(name: &'static str) -> Self;
    fn case(&self) -> &Case<'static>;
    fn assert<S: Shape>(&self, y: &Tensor<S>);
}

impl Compared for Case<'static> {
    fn named(name: &'static str) -> Self {
        static FILE: LazyLock<SafeTensors> =
            LazyLock::new(|| SafeTensors::open(reference("layers.safetensors")).unwrap());
        Case { file: &FILE, name }
    }
    fn case(&self) -> &Case<'static> {
        self
    }
    fn assert<S: Shape>(&self, y: &Tensor<S>) {
        Case::assert(self, y);
    }
}

macro_rules! by_values_and_gradients { ($($name:ident)*) => {
    mod values {
        $(#[test] fn $name() { super::$name::<super::Case>(); })*
    }
    mod gradients {
        $(#[test] fn $name() { super::$name::<super::Tracked>(); })*
    }
} }

by_values_and_gradients! {
    attention_full
    attention_to_one_key
    attention_causal
    attention_causal_padded
    attention_causal_cached
    attention_grouped
    linear_and_norms
    functions
    embedding
    rotary_positions
    multi_head_attention
    encoder_layers
    decoder_layer
}

/// Attention to as many keys as the case has, and its weights times the values.
macro_rules! attention_case { ($name:literal, $case:ident, $batch:ident, $queries:ident, $keys:ident, $mask:expr) => {
    let $case = C::named($name);
    let [batch, heads, queries, head_dim] = $case.case().sizes("in.q");
    let [_, _, keys, value] = $case.case().sizes("in.v");
    bind!($batch: Batch = batch, heads: Heads = heads, $queries: Queries = queries, $keys: Keys = keys);
    bind!(head_dim: HeadDim = head_dim, value: Value = value);
    let q = $case.input("q", ($batch, heads, $queries, head_dim));
    let k = $case.input("k", ($batch, heads, $keys, head_dim));
    let v = $case.input("v", ($batch, heads, $keys, value));
    let mask = $mask;
    $case.assert(&attention(&q, &k, &v, &mask));
    let weights = attention_weights(&q, &k, &mask);
    $case.assert(&einsum!("b h q k, b h k v -> b h q v", weights, v));
} }

/// The same with queries that are the keys.
macro_rules! self_attention_case { ($name:literal, $case:ident, $batch:ident, $keys:ident, $mask:expr) => {
    let $case = C::named($name);
    let [batch, heads, keys, head_dim] = $case.case().sizes("in.q");
    let [_, _, _, value] = $case.case().sizes("in.v");
    bind!($batch: Batch = batch, heads: Heads = heads, $keys: Ragged<Keys> = keys);
    bind!(head_dim: HeadDim = head_dim, value: Value = value);
    let q = $case.input("q", ($batch, heads, $keys, head_dim));
    let k = $case.input("k", ($batch, heads, $keys, head_dim));
    let v = $case.input("v", ($batch, heads, $keys, value));
    $case.assert(&attention(&q, &k, &v, &$mask));
} }

fn attention_full<C: Compared>() {
    attention_case!("attention_full", case, batch, queries, keys, Full);
}

fn attention_to_one_key<C: Compared>() {
    attention_case!("attention_one_key", case, batch, queries, keys, Full);
}

fn attention_causal<C: Compared>() {
    let all = |keys: usize| vec![keys; 64];
    self_attention_case!("attention_causal", case, batch, keys, {
        Causal.and(Lengths::new(batch, keys, &all(keys.size())[..batch.size()]).unwrap())
    });
}

fn attention_causal_padded<C: Compared>() {
    self_attention_case!("attention_causal_padded", case, batch, keys, {
        Causal.and(Lengths::new(batch, keys, &case.case().lengths()).unwrap())
    });
}

fn attention_causal_cached<C: Compared>() {
    let case = C::named("attention_causal_cached");
    let [batch, heads, queries, head_dim] = case.case().sizes("in.q");
    let [_, _, keys, value] = case.case().sizes("in.v");
    bind!(batch: Batch = batch, heads: Heads = heads, past: Past = keys - queries, new: Queries = queries);
    bind!(head_dim: HeadDim = head_dim, value: Value = value);
    let q = case.input("q", (batch, heads, new, head_dim));
    let k = case.input("k", (batch, heads, Plus(past, new), head_dim));
    let v = case.input("v", (batch, heads, Plus(past, new), value));
    case.assert(&attention(&q, &k, &v, &Causal));
}

fn attention_grouped<C: Compared>() {
    let case = C::named("attention_grouped");
    let [batch, heads, queries, head_dim] = case.case().sizes("in.q");
    let [_, key_heads, keys, value] = case.case().sizes("in.v");
    bind!(batch: Batch = batch, group: Group = heads / key_heads, key_heads: KeyHeads = key_heads);
    bind!(queries: Queries = queries, keys: Keys = keys, head_dim: HeadDim = head_dim, value: Value = value);
    let q = case.input("q", (batch, Times(key_heads, group), queries, head_dim));
    let k = case.input("k", (batch, key_heads, keys, head_dim));
    let v = case.input("v", (batch, key_heads, keys, value));
    case.assert(&attention(&q, &k, &v, &Full));
    let weights = attention_weights(&q, &k, &Full).split(Times(key_heads, group));
    case.assert(&einsum!("b h g q k, b h k v -> b h g q v", weights, v).merge(key_heads, group));
}

fn linear_and_norms<C: Compared>() {
    let case = C::named("linear");
    let ([batch, seq, embed], [hidden]) = (case.case().sizes("in.x"), case.case().sizes("in.bias"));
    bind!(batch: Batch = batch, seq: Seq = seq, embed: Embed = embed, hidden: Hidden = hidden);
    let x = case.input("x", (batch, seq, embed));
    let (weight, bias) = (case.input("weight", (hidden, embed)), case.input("bias", (hidden,)));
    case.assert(&Linear { weight: weight.clone(), bias: Some(bias.clone()) }.forward(&x));
    case.assert(&(x.matmul(&weight.transpose(hidden, embed)) + &bias));

    let case = C::named("layer_norm");
    let x = case.input("x", (batch, seq, embed));
    let (weight, bias) = (case.input("weight", (embed,)), Some(case.input("bias", (embed,))));
    case.assert(&LayerNorm { weight, bias, epsilon: 1e-5 }.forward(&x));

    let case = C::named("rms_norm");
    let x = case.input("x", (batch, seq, embed));
    case.assert(&RmsNorm { weight: case.input("weight", (embed,)), epsilon: 1e-5 }.forward(&x));
}

fn functions<C: Compared>() {
    let [batch, seq, embed] = C::named("gelu").case().sizes("in.x");
    bind!(batch: Batch = batch, seq: Seq = seq, embed: Embed = embed);
    macro_rules! case {
        ($name:literal, $f:expr) => {
            let case = C::named($name);
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

fn embedding<C: Compared>() {
    let case = C::named("embedding");
    let ([rows, embed], [batch, seq]) = (case.case().sizes("in.weight"), case.case().sizes("in.ids"));
    bind!(rows: Rows = rows, embed: Embed = embed, batch: Batch = batch, seq: Seq = seq);
    let ids: Vec<u32> = case.case().of::<i32, _>("in.ids", (batch, seq)).cast::<u32>().to_vec();
    let ids = Ids::new((batch, seq), rows, &ids).unwrap();
    case.assert(&Embedding { weight: case.input("weight", (rows, embed)) }.forward(&ids));
}

fn rotary_positions<C: Compared>() {
    for (name, layout) in [("rotary_half", RotaryLayout::Half), ("rotary_interleaved", RotaryLayout::Interleaved)] {
        let case = C::named(name);
        let [batch, heads, seq, head_dim] = case.case().sizes("in.x");
        bind!(batch: Batch = batch, heads: Heads = heads, seq: Seq = seq, head_dim: HeadDim = head_dim);
        case.assert(&turned(&case.input("x", (batch, heads, seq, head_dim)), layout));
    }
}

fn multi_head_attention<C: Compared>() {
    let case = C::named("multi_head_attention");
    let [batch, seq, width] = case.case().sizes("in.x");
    bind!(batch: Batch = batch, seq: Seq = seq, embed: Embed = width, heads: Heads = HEADS, head_dim: HeadDim = width / HEADS);
    let layer = multi_head(&case, "m", embed, heads, head_dim);
    let x = case.input("x", (batch, seq, embed));
    case.assert(&layer.forward(&x, &Full));
    case.assert(&layer.cross(&x, &x, &Full));
}

fn encoder_layers<C: Compared>() {
    for (name, order) in [("encoder_layer_pre_norm", NormOrder::Pre), ("encoder_layer_post_norm", NormOrder::Post)] {
        let case = C::named(name);
        let ([batch, seq, width], [hidden]) = (case.case().sizes("in.x"), case.case().sizes("in.m_linear1_bias"));
        bind!(batch: Batch = batch, seq: Seq = seq, embed: Embed = width, hidden: Hidden = hidden);
        bind!(heads: Heads = HEADS, head_dim: HeadDim = width / HEADS);
        let layer = encoder_layer(&case, order, embed, heads, head_dim, hidden);
        case.assert(&layer.forward(&case.input("x", (batch, seq, embed)), &Full));
    }
}

fn decoder_layer<C: Compared>() {
    let case = C::named("decoder_layer_cross");
    let ([batch, seq, width], [hidden]) = (case.case().sizes("in.x"), case.case().sizes("in.m_linear1_bias"));
    let [_, memory_seq, _] = case.case().sizes("memory");
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
    let memory = case.case().tensor("memory", (batch, memory_seq, embed));
    case.assert(&layer.forward(&case.input("x", (batch, seq, embed)), &memory, &Causal, &Full));
}
