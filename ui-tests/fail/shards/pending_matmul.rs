use congruent::mesh::Partial;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Embed = 8; Out = 3; }

fn wrong(sum: Partial<(Batch, Embed), Model>, w: Tensor<(Embed, Out)>) {
    let y = sum.matmul(&w);
}

fn main() {}
