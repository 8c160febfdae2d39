//! A number stands where a dimension without padding is asked for.
use congruent::dim::Dense;
use congruent::prelude::*;

fn table<E: Dense>(embed: E) -> Tensor<(E, E)> {
    Tensor::zeros((embed, embed))
}

fn main() {
    let table = table(384_usize);
}
