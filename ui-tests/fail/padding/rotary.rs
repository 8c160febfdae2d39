use congruent::nn::Rotary;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; Positions = 64; }

fn turn(rotary: &Rotary<Positions, Ragged<HeadDim>>, x: &Tensor<(Batch, Heads, Seq, Ragged<HeadDim>)>, positions: &Ids<(Batch, Seq), Positions>) {
    let y = rotary.forward(x, positions);
}

fn main() {}
