use congruent::{Tensor, Times, dims};

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; Embed = Heads * HeadDim; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let heads = x.relabel(Embed, Times(Heads, HeadDim)).split(Times(Heads, HeadDim));
    assert_eq!(heads.sizes(), [2, 5, 3, 4]);
}
