use congruent::dim::Shard;
use congruent::mesh::OnMesh;
use congruent::{Cpu, Lengths, Ragged, Tensor, dims};

dims! { Data = 2; Batch = 2; Seq = 4; }

fn loss(
    batch: Shard<Batch, Data>,
    losses: &Tensor<(Shard<Batch, Data>, Ragged<Seq>), OnMesh<Cpu<f32>>>,
    lengths: &Lengths<Shard<Batch, Data>, Ragged<Seq>>,
) {
    let mean = losses.masked_sum(lengths).sum(batch) / lengths.total() as f32;
}

fn main() {}
