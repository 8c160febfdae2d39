use congruent::nn::attention;
use congruent::{Full, Tensor, Times, dims};

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; }

fn main() {
    let projected = Tensor::ones((Batch, Seq, Times(Heads, HeadDim)));
    let (q, k, v) = (projected.split_heads(), projected.clone(), projected.split_heads());
    let _y = attention(&q, &k, &v, &Full);
}
