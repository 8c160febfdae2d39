//! What of a union is held, nobody knows.
use congruent::prelude::*;

#[derive(Module)]
union Model {
    number: f32,
    count: u32,
}

fn main() {}
