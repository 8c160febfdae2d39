//! Tokens in place of their positions.
use congruent::nn::LearnedPositions;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Embed = 4; Positions = 16; Vocab = 100; }

fn main() {
    let positions = LearnedPositions::random(Positions, Embed, &mut Rng::with_seed(1));
    let tokens = Ids::new((Batch, Seq), Vocab, &[1; 6]).unwrap();
    positions.forward_at(&Tensor::ones((Batch, Seq, Embed)), &tokens);
}
