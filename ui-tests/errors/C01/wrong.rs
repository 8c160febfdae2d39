use congruent::{Tensor, Times, dims};

dims! { Batch = 2; Seq = 5; Embed = 384; Heads = 12; HeadDim = 30; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let _heads = x.relabel(Embed, Times(Heads, HeadDim)).split_heads();
}
