use congruent::dim::numbers::U2;
use congruent::{Tensor, Times, dims};

dims! { Batch = 1; Heads = 1; Seq = 2; HeadDim = 6; Half = 3; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let halves: Tensor<(Batch, Heads, Seq, U2, Half)> = x.relabel(HeadDim, Times(U2, Half)).split(Times(U2, Half));
    assert_eq!(halves.sizes(), [1, 1, 2, 2, 3]);
}
