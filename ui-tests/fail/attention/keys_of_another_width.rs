use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Keys = 7; Heads = 3; HeadDim = 4; Wide = 8; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let k = Tensor::ones((Batch, Heads, Keys, Wide));
    let y = attention(&q, &k, &k, &Full);
}
