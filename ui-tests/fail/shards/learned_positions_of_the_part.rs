use congruent::dim::Shard;
use congruent::mesh::OnMesh;
use congruent::nn::LearnedPositions;
use congruent::prelude::*;
use congruent::{Index, TensorOf};

dims! { Context = 2; Batch = 2; Seq = 4; Embed = 8; Positions = 64; }

type On = OnMesh<Cpu<f32>>;

fn wrong(
    positions: LearnedPositions<Positions, Embed, On>,
    x: Tensor<(Batch, Shard<Seq, Context>, Embed), On>,
    ids: TensorOf<(Batch, Shard<Seq, Context>), Index<Positions>, On>,
) {
    let y = positions.forward_at(&x, &ids);
}

fn main() {}
