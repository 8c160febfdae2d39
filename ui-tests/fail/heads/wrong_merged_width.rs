use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim)).merge_heads();
    let w = Tensor::ones((Embed, Embed));
    let y = x.matmul(&w);
}
