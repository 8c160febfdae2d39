use congruent::nn::{Rotary, RotaryLayout};
use congruent::prelude::*;

dims! { Heads = 3; Third = 5; Positions = 64; }

fn main() {
    let rotary = Rotary::new(Positions, Times(Heads, Third), 10000.0, RotaryLayout::Interleaved);
}
