use congruent::dim::Shard;
use congruent::nn::RmsNorm;
use congruent::{Tensor, Times, dims};

dims! { Model = 2; Seq = 2; Heads = 2; HeadDim = 2; }

fn norm(
    queries: &Tensor<(Seq, Times<Shard<Heads, Model>, HeadDim>)>,
    norm: &RmsNorm<Times<Shard<Heads, Model>, HeadDim>>,
) {
    let queries = norm.forward(queries);
}

fn main() {}
