use congruent::prelude::*;

dims! { Batch = 4; Hidden = 8; Embed = 3; }

fn wrong(x: Tensor<(Batch, Hidden)>, w: Tensor<(Hidden, Embed)>) {
    let y = x.partial_matmul(&w);
}

fn main() {}
