use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; HeadDim = 4; KeyHeads = 3; Group = 2; }

fn main() {
    let q = Tensor::ones((Batch, KeyHeads, Seq, HeadDim));
    let k = Tensor::ones((Batch, Times(KeyHeads, Group), Seq, HeadDim));
    let y = attention(&q, &k, &k, &Full);
}
