use congruent::dim::Shard;
use congruent::mesh::OnMesh;
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Seq = 4; Embed = 8; }

fn wrong(
    x: Tensor<(Batch, Shard<Ragged<Seq>, Context>, Embed), OnMesh<Cpu<f32>>>,
    lengths: Lengths<Batch, Ragged<Seq>>,
) {
    let y = x.masked_mean(&lengths);
}

fn main() {}
