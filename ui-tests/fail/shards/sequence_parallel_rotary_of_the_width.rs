use congruent::dim::Shard;
use congruent::mesh::OnMesh;
use congruent::nn::{LlamaLayer, Rotary};
use congruent::prelude::*;

dims! { Model = 2; Batch = 2; KeyHeads = 4; Group = 2; Seq = 4; HeadDim = 8; Embed = 24; Hidden = 32; Positions = 16; }

type On = OnMesh<Cpu<f32>>;
type Heads = Shard<KeyHeads, Model>;

fn wrong(
    layer: LlamaLayer<Embed, Times<Heads, Group>, Heads, HeadDim, Shard<Hidden, Model>, On>,
    rotary: Rotary<Positions, Embed, On>,
    x: Tensor<(Batch, Shard<Seq, Model>, Embed), On>,
    positions: TensorOf<(Batch, Seq), Index<Positions>, On>,
) {
    let y = layer.forward_sequence_parallel(&x, &rotary, &positions, &Causal);
}

fn main() {}
