use congruent::dim::numbers::U2;
use congruent::{Tensor, Times, dims};

dims! { Batch = 1; Heads = 1; Seq = 2; HeadDim = 5; Half = 2; }

fn halves(x: &Tensor<(Batch, Heads, Seq, HeadDim)>) {
    let halves = x.relabel(HeadDim, Times(U2, Half)).split(Times(U2, Half));
}

fn main() {}
