use congruent::dim::Shard;
use congruent::{Ids, dims};

dims! { Context = 2; Batch = 2; Seq = 4; Vocab = 5; }

fn labels(tokens: &Ids<(Batch, Shard<Seq, Context>), Vocab>, seq: Shard<Seq, Context>) {
    let labels = tokens.next(seq);
}

fn main() {}
