use congruent::dim::Shard;
use congruent::mesh::{OnMesh, RingAttention};
use congruent::nn::attention_with_bias;
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Heads = 4; Seq = 8; HeadDim = 4; }

type On = OnMesh<Cpu<f32>>;
type Part = Shard<Seq, Context>;

fn wrong(x: &Tensor<(Batch, Heads, Part, HeadDim), On>, bias: &Tensor<(Heads, Part, Part), On>, seq: Part) {
    let y = attention_with_bias(x, x, x, bias, &RingAttention::new(seq, Causal));
}

fn main() {}
