use congruent::prelude::*;

dims! { Embed = 12; }

mod small {
    congruent::dims! { pub once Width; }
}
mod large {
    congruent::dims! { pub once Width; }
}

struct Model<W> {
    weight: Tensor<(W, Embed)>,
}

fn main() {
    let small = Model { weight: Tensor::ones((small::Width::set(2).unwrap(), Embed)) };
    let large = Model { weight: Tensor::ones((large::Width::set(9).unwrap(), Embed)) };
    assert_eq!(small.weight.sizes(), [2, 12]);
    assert_eq!(large.weight.sizes(), [9, 12]);
}
