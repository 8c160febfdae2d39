use congruent::nn::attention;
use congruent::{Full, Tensor, Times, dims};

dims! { Batch = 1; KeyHeads = 2; Group = 2; Queries = 2; Keys = 3; HeadDim = 2; }

fn attend(q: &Tensor<(Batch, Times<KeyHeads, Group>, Queries, HeadDim)>, k: &Tensor<(Batch, KeyHeads, Keys, HeadDim)>) {
    let repeated = k.expand(Group).permute((Batch, Group, KeyHeads, Keys, HeadDim)).merge(Group, KeyHeads);
    let y = attention(q, &repeated, &repeated, &Full);
}

fn main() {}
