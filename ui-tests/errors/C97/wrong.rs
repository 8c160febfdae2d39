use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Model = 2; Heads = 4; once Groups; }

fn renamed(x: &Tensor<(Shard<Heads, Model>,)>, heads: Shard<Heads, Model>, groups: Shard<Groups, Model>) {
    let equal = Equal::check(heads, Groups::get().unwrap()).unwrap();
}

fn main() {}
