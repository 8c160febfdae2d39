use congruent::mask::SlidingWindow;
use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; HeadDim = 4; Past = 2; Seq = 5; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let k = Tensor::ones((Batch, Heads, Plus(Seq, Past), HeadDim));
    let y = attention(&q, &k, &k, &SlidingWindow(3));
}
