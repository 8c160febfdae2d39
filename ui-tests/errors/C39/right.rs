use congruent::dims;
use congruent::nn::{Rotary, RotaryLayout};

dims! { Positions = 512; HeadDim = 64; }

fn main() {
    let _rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
}
