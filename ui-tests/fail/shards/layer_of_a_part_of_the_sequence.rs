use congruent::dim::Shard;
use congruent::nn::MultiHeadAttention;
use congruent::mesh::OnMesh;
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Heads = 3; Seq = 4; HeadDim = 8; Embed = 24; }

type On = OnMesh<Cpu<f32>>;

fn wrong(layer: MultiHeadAttention<Embed, Heads, HeadDim, On>, x: Tensor<(Batch, Shard<Seq, Context>, Embed), On>) {
    let y = layer.forward(&x, &Causal);
}

fn main() {}
