use congruent::dim::Shard;
use congruent::mesh::{OnMesh, RingAttention};
use congruent::nn::{AttentionOptions, Training, attention_with};
use congruent::prelude::*;

dims! { Context = 2; Batch = 2; Heads = 4; Seq = 8; HeadDim = 4; }

type Part = Tensor<(Batch, Heads, Shard<Seq, Context>, HeadDim), OnMesh<Cpu<f32>>>;

fn attend(x: &Part, seq: Shard<Seq, Context>, training: &mut Training<'_>) -> Part {
    let options = AttentionOptions::new().dropout(0.1, training);
    attention_with(x, x, x, &RingAttention::new(seq, Causal), options)
}

fn main() {}
