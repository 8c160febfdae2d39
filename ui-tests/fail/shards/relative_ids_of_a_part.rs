use congruent::dim::Shard;
use congruent::mask::relative_ids;
use congruent::prelude::*;

dims! { Context = 2; Buckets = 32; Seq = 8; }

fn wrong(seq: Shard<Seq, Context>) {
    let ids = relative_ids(seq, seq, Buckets, |distance| distance.unsigned_abs() as u32);
}

fn main() {}
