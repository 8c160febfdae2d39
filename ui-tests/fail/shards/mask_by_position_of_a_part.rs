use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Context = 2; Seq = 8; }

fn wrong(seq: Shard<Seq, Context>) {
    let mask = Allowed::by_position(seq, seq, |query, key| key <= query);
}

fn main() {}
