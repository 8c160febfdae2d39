use congruent::prelude::*;

dims! { Batch = 4; Hidden = 8; }

fn wrong(x: Tensor<(Batch, Hidden)>) {
    let y = x.partial_sum(Hidden);
}

fn main() {}
