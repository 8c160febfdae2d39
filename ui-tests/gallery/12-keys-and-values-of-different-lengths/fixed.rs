use congruent::nn::attention;
use congruent::{Full, Tensor, dims};

dims! { Batch = 1; Heads = 1; Queries = 3; Keys = 5; HeadDim = 2; }

fn main() {
    let q = Tensor::ones((Batch, Heads, Queries, HeadDim));
    let (k, v) = (Tensor::ones((Batch, Heads, Keys, HeadDim)), Tensor::full((Batch, Heads, Keys, HeadDim), 7.0));
    for y in attention(&q, &k, &v, &Full).to_vec() {
        assert!((y - 7.0).abs() < 1e-5);
    }
}
