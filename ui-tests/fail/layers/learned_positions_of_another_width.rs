//! Positions of one model, and embeddings of another.
use congruent::nn::LearnedPositions;
use congruent::prelude::*;
use congruent::Rng;

dims! { Batch = 2; Seq = 3; Embed = 4; Hidden = 8; Positions = 16; }

fn main() {
    let positions = LearnedPositions::random(Positions, Embed, &mut Rng::with_seed(1));
    let y = positions.forward(&Tensor::ones((Batch, Seq, Hidden))).unwrap();
}
