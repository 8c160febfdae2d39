use congruent::dim::Shard;
use congruent::mesh::OnMesh;
use congruent::nn::Rotary;
use congruent::prelude::*;
use congruent::{Index, TensorOf};

dims! { Context = 2; Batch = 2; Heads = 3; Seq = 4; HeadDim = 8; Positions = 64; }

type On = OnMesh<Cpu<f32>>;

fn wrong(
    rotary: Rotary<Positions, HeadDim, On>,
    q: Tensor<(Batch, Heads, Shard<Seq, Context>, HeadDim), On>,
    positions: TensorOf<(Batch, Shard<Seq, Context>), Index<Positions>, On>,
) {
    let y = rotary.forward(&q, &positions);
}

fn main() {}
