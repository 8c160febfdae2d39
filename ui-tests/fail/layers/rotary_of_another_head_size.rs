//! The table is for another head size than the attention's.
use congruent::nn::{GatedFeedForward, GroupedQueryAttention, LlamaLayer, RmsNorm, Rotary, RotaryLayout};
use congruent::prelude::*;

dims! { Batch = 1; Seq = 3; Embed = 24; KeyHeads = 2; Group = 3; HeadDim = 4; Half = 2; Ffn = 32; Positions = 64; }

fn main() {
    let (rng, norm) = (&mut Rng::with_seed(1), RmsNorm::new(Embed, 1e-5));
    let layer = LlamaLayer {
        attention_norm: norm.clone(),
        attention: GroupedQueryAttention::random(Embed, Times(KeyHeads, Group), KeyHeads, HeadDim, rng),
        feed_forward_norm: norm,
        feed_forward: GatedFeedForward::random(Embed, Ffn, rng),
    };
    let rotary = Rotary::new(Positions, Half, 10000.0, RotaryLayout::Half);
    let positions = Ids::new((Batch, Seq), Positions, &[0, 1, 2]).unwrap();
    layer.forward(&Tensor::ones((Batch, Seq, Embed)), &rotary, &positions, &Causal);
}
