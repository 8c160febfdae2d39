use congruent::{Tensor, Times, dims};

dims! { Batch = 1; Seq = 2; Embed = 6; Heads = 3; HeadDim = 2; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let heads: Tensor<(Batch, Heads, Seq, HeadDim)> = x.relabel(Embed, Times(Heads, HeadDim)).split_heads();
    assert_eq!(heads.sizes(), [1, 3, 2, 2]);
}
