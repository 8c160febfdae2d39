use congruent::{Ids, Tensor, dims};

dims! { Seq = 2; English = 10; German = 10; Embed = 2; }

fn embed(german: &Tensor<(German, Embed)>, ids: &Ids<(Seq,), English>) {
    let x = german.lookup(ids);
}

fn main() {}
