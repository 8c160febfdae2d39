use congruent::dim::Shard;
use congruent::mesh::OnMesh;
use congruent::nn::EncoderLayer;
use congruent::prelude::*;

dims! { Model = 2; Batch = 2; Heads = 4; Seq = 4; HeadDim = 8; Embed = 24; Hidden = 32; }

type On = OnMesh<Cpu<f32>>;

fn wrong(
    layer: EncoderLayer<Embed, Heads, HeadDim, Shard<Hidden, Model>, On>,
    x: Tensor<(Batch, Shard<Seq, Model>, Embed), On>,
) {
    let y = layer.forward_sequence_parallel(&x, &Causal);
}

fn main() {}
