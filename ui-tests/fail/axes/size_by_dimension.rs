use congruent::prelude::*;

dims! { Batch = 1; Embed = 8; Heads = 4; HeadDim = 2; Seq; }

fn main() {
    bind!(seq: Seq = 10);
    let x = Tensor::ones((Batch, seq, Embed));
    let q = x.relabel(Embed, Times(Heads, HeadDim)).split(Times(Heads, HeadDim));
    let named = q.sizes()[seq];
}
