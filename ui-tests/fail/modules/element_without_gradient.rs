//! Integers are not trained.
use congruent::prelude::*;

dims! { Embed = 4; }

#[derive(Module)]
struct Model {
    counts: TensorOf<(Embed,), u32>,
}

fn main() {}
