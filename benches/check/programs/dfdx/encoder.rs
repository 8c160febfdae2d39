use dfdx::nn::builders;
use dfdx::nn::modules::{LayerNorm1D, Linear};
use dfdx::prelude::*;

const BATCH: usize = 2;
const SEQ: usize = 20;
const EMBED: usize = 384;
const HEADS: usize = 12;
const HEAD_DIM: usize = 32;
const FFN: usize = 4 * EMBED;

type Sequence = Tensor<Rank3<BATCH, SEQ, EMBED>, f32, Cpu>;

struct Layer {
    query: Linear<EMBED, EMBED, f32, Cpu>,
    key: Linear<EMBED, EMBED, f32, Cpu>,
    value: Linear<EMBED, EMBED, f32, Cpu>,
    output: Linear<EMBED, EMBED, f32, Cpu>,
    attention_norm: LayerNorm1D<EMBED, f32, Cpu>,
    up: Linear<EMBED, FFN, f32, Cpu>,
    down: Linear<FFN, EMBED, f32, Cpu>,
    feed_forward_norm: LayerNorm1D<EMBED, f32, Cpu>,
}

impl Layer {
    fn new(device: &Cpu) -> Self {
        Layer {
            query: device.build_module::<builders::Linear<EMBED, EMBED>, f32>(),
            key: device.build_module::<builders::Linear<EMBED, EMBED>, f32>(),
            value: device.build_module::<builders::Linear<EMBED, EMBED>, f32>(),
            output: device.build_module::<builders::Linear<EMBED, EMBED>, f32>(),
            attention_norm: device.build_module::<builders::LayerNorm1D<EMBED>, f32>(),
            up: device.build_module::<builders::Linear<EMBED, FFN>, f32>(),
            down: device.build_module::<builders::Linear<FFN, EMBED>, f32>(),
            feed_forward_norm: device.build_module::<builders::LayerNorm1D<EMBED>, f32>(),
        }
    }
}

// REPEAT
fn layer_NN(x: Sequence, layer: &Layer) -> Sequence {
    // EDIT
    let q = layer.query.forward(x.clone()).reshape::<Rank4<BATCH, SEQ, HEADS, HEAD_DIM>>();
    let q = q.permute::<Rank4<BATCH, HEADS, SEQ, HEAD_DIM>, _>();
    let k = layer.key.forward(x.clone()).reshape::<Rank4<BATCH, SEQ, HEADS, HEAD_DIM>>();
    let k = k.permute::<Rank4<BATCH, HEADS, HEAD_DIM, SEQ>, _>();
    let v = layer.value.forward(x.clone()).reshape::<Rank4<BATCH, SEQ, HEADS, HEAD_DIM>>();
    let v = v.permute::<Rank4<BATCH, HEADS, SEQ, HEAD_DIM>, _>();
    let scores = q.matmul(k) / (HEAD_DIM as f32).sqrt();
    let weights = scores.softmax::<Axis<3>>();
    let context = weights.matmul(v).permute::<Rank4<BATCH, SEQ, HEADS, HEAD_DIM>, _>();
    let context = context.reshape::<Rank3<BATCH, SEQ, EMBED>>();
    let x = layer.attention_norm.forward(x + layer.output.forward(context));
    let hidden = layer.up.forward(x.clone()).accurate_gelu();
    layer.feed_forward_norm.forward(x + layer.down.forward(hidden))
}

// END
fn main() {
    let device = Cpu::default();
    let x: Sequence = device.sample_normal();
    // REPEAT
    let x = layer_NN(x, &Layer::new(&device));
    // END
    println!("{}", x.mean::<Rank2<BATCH, EMBED>, _>().sum::<Rank1<EMBED>, _>().max::<Rank0, _>().array());
}
