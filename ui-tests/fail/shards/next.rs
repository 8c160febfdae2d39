use congruent::dim::Shard;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Seq = 8; Vocab = 5; }

fn wrong(tokens: Ids<(Batch, Shard<Seq, Model>), Vocab>, seq: Shard<Seq, Model>) {
    let y = tokens.next(seq);
}

fn main() {}
