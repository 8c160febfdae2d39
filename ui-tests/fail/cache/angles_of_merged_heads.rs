use congruent::nn::{Rotary, RotaryLayout};
use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; HeadDim = 4; Positions = 64; Seq = 5; }

fn main() {
    let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    let positions = Ids::new((Batch, Seq), Positions, &[0; 10]).unwrap();
    let x = Tensor::ones((Batch, Seq, Heads, HeadDim));
    let y = rotary.angles(&positions).forward(&x);
}
