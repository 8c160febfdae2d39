use congruent::dim::Shard;
use congruent::{Ids, Tensor, dims};

dims! { Model = 2; Tokens = 3; Experts = 4; Embed = 1; }

fn chosen(scales: &Tensor<(Shard<Experts, Model>, Embed)>, tokens: Tokens, experts: Shard<Experts, Model>) {
    // The tokens chose 3, 0 and 1. What another rank has is 0 here.
    let chosen = if experts.rank() == 0 { [0, 0, 1] } else { [1, 0, 0] };
    let x = scales.lookup(&Ids::new((tokens,), experts, &chosen).unwrap());
}

fn main() {}
