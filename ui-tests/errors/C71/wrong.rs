use congruent::prelude::*;

dims! { Batch = 1; Embed = 8; Heads = 4; HeadDim = 2; Seq; }

fn tokens<S: Dense>(x: &Tensor<(Batch, S, Embed)>) -> usize {
    let heads = x.relabel(Embed, Times(Heads, HeadDim)).split_heads();
    heads.sizes()[1]
}

fn main() {}
