use congruent::dim::Shard;
use congruent::{Tensor, dims};

dims! { Model = 2; Batch = 2; Hidden = 4; Embed = 3; }

fn down(
    x: &Tensor<(Batch, Shard<Hidden, Model>)>,
    weight: &Tensor<(Shard<Hidden, Model>, Embed)>,
    bias: &Tensor<(Embed,)>,
) {
    let y = (x.partial_matmul(weight) + bias).all_reduce();
}

fn main() {}
