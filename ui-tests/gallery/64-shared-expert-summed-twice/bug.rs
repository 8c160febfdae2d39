use congruent::dim::Shard;
use congruent::mesh::Partial;
use congruent::nn::Linear;
use congruent::{Tensor, dims};

dims! { Model = 2; Batch = 2; Hidden = 4; Embed = 3; }

fn experts(
    x: &Tensor<(Batch, Shard<Hidden, Model>)>,
    shared: &Linear<Shard<Hidden, Model>, Embed>,
    routed: Partial<(Batch, Embed), Model>,
) {
    let y = (routed + shared.forward(x)).all_reduce();
}

fn main() {}
