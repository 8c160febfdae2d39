use congruent::{Tensor, Times, dims};

dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let split = x.relabel(Embed, Times(Heads, HeadDim)).split(Times(Heads, HeadDim));
    let heads: Tensor<(Batch, Heads, Seq, HeadDim)> = split.transpose(Seq, Heads);
    assert_eq!(heads.sizes(), [2, 3, 5, 4]);
}
