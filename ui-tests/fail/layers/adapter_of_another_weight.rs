//! The adapter of the way up, for the way down.
use congruent::nn::{FeedForward, LowRank};
use congruent::prelude::*;

dims! { Embed = 4; Hidden = 16; Rank = 2; }

fn main() {
    let rng = &mut Rng::with_seed(1);
    let mut layer = FeedForward::random(Embed, Hidden, rng);
    let adapter = LowRank::random(Hidden, Embed, Rank, 4.0, rng);
    adapter.merge_into(&mut layer.down.weight);
}
