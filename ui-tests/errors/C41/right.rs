use congruent::nn::{Rotary, RotaryLayout};
use congruent::{Ids, Tensor, dims};

dims! { Batch = 1; Heads = 3; HeadDim = 4; Positions = 64; Seq = 5; }

fn main() {
    let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    let positions = Ids::new((Batch, Seq), Positions, &[0, 1, 2, 3, 4]).unwrap();
    let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
    rotary.forward(&q, &positions);
}
