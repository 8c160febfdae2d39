use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Model = 2; Heads = 4; once Groups; }

fn renamed(x: &Tensor<(Shard<Heads, Model>,)>, heads: Shard<Heads, Model>, groups: Shard<Groups, Model>) {
    let equal = Equal::check(Heads, groups.whole()).unwrap().of_parts(heads, groups);
    let _: Tensor<(Shard<Groups, Model>,)> = x.relabel_by(equal);
}

fn main() {}
