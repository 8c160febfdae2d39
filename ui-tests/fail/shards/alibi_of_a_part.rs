use congruent::dim::Shard;
use congruent::mask::alibi;
use congruent::prelude::*;

dims! { Context = 2; Heads = 4; Seq = 8; }

fn wrong(seq: Shard<Seq, Context>) {
    let bias = alibi(Heads, seq, seq);
}

fn main() {}
