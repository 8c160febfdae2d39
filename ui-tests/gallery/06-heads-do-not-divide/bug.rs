use congruent::{Tensor, Times, dims};

dims! { Batch = 1; Seq = 2; Embed = 6; Heads = 4; HeadDim = 1; }

fn split(x: &Tensor<(Batch, Seq, Embed)>) {
    let heads = x.relabel(Embed, Times(Heads, HeadDim)).split_heads();
}

fn main() {}
