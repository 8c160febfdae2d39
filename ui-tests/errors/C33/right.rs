use congruent::{Tensor, Times, dims};

dims! { Batch = 2; Seq = 5; Heads = 12; HeadDim = 32; Embed = Heads * HeadDim; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let heads = x.relabel(Embed, Times(Heads, HeadDim)).split_heads();
    assert_eq!(heads.sizes(), [2, 12, 5, 32]);
}
