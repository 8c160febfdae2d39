//! Ids are no parameters.

use congruent::nn::Embedding;
use congruent::prelude::*;

dims! { Seq = 5; Positions = 16; Embed = 4; }

#[derive(Module)]
struct Model<B: Backend = Cpu<f32>> {
    embedding: Embedding<Positions, Embed, B>,
    position_ids: TensorOf<(Seq,), Index<Positions>, B>,
}

fn main() {}
