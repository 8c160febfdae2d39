use congruent::dim::Shard;
use congruent::{Tensor, dims};

dims! { Context = 2; Batch = 1; Seq = 4; Heads = 2; HeadDim = 2; }

fn keys(keys: &Tensor<(Batch, Shard<Seq, Context>, Heads, HeadDim)>) {
    let keys = keys.all_gather(Heads);
}

fn main() {}
