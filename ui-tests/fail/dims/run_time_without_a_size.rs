use congruent::prelude::*;

dims! { Batch = 2; Heads = 2; Seq; HeadDim = 12; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let y = attention(&x, &x, &x, &Causal);
    let mean = (&y + &x).mean(Seq);
    println!("{}", mean.sum(HeadDim));
}
