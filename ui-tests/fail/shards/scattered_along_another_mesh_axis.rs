use congruent::dim::Shard;
use congruent::mesh::OnMesh;
use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Model = 2; Data = 2; Batch = 2; Seq = 4; Embed = 24; Hidden = 32; }

type On = OnMesh<Cpu<f32>>;

fn wrong(
    layer: Linear<Shard<Hidden, Model>, Embed, On>,
    x: Tensor<(Batch, Seq, Shard<Hidden, Model>), On>,
    seq: Shard<Seq, Data>,
) {
    let y = layer.forward_reduce_scatter(&x, seq);
}

fn main() {}
