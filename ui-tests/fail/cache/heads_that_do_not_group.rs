use congruent::nn::GroupedQueryAttention;
use congruent::prelude::*;

dims! { Embed = 36; QueryHeads = 9; KeyHeads = 4; HeadDim = 4; }

fn main() {
    let layer = GroupedQueryAttention::random(Embed, QueryHeads, KeyHeads, HeadDim, &mut Rng::with_seed(1));
}
