use congruent::dim::Shard;
use congruent::mesh::OnMesh;
use congruent::nn::LlamaDecoder;
use congruent::prelude::*;

dims! { Model = 2; Batch = 2; KeyHeads = 4; Group = 2; Seq = 4; HeadDim = 8; Embed = 24; Hidden = 32; Positions = 16; }

type On = OnMesh<Cpu<f32>>;
type Heads = Shard<KeyHeads, Model>;

fn wrong(
    decoder: LlamaDecoder<Embed, Times<Heads, Group>, Heads, HeadDim, Shard<Hidden, Model>, Positions, On>,
    x: Tensor<(Batch, Shard<Seq, Model>, Embed), On>,
    positions: TensorOf<(Batch, Shard<Seq, Model>), Index<Positions>, On>,
) {
    let y = decoder.forward_sequence_parallel(&x, &positions, &Causal);
}

fn main() {}
