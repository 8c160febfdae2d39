use congruent::nn::{Rotary, RotaryLayout};
use congruent::prelude::*;

dims! { HeadDim; Positions = 64; }

fn main() {
    bind!(head_dim: HeadDim = 64);
    let rotary = Rotary::new(Positions, head_dim, 10000.0, RotaryLayout::Half);
}
