use congruent::nn::attention;
use congruent::{Causal, Tensor, dims};

dims! { Batch = 2; Heads = 3; Past = 7; New = 1; HeadDim = 4; }

fn main() {
    let past = Tensor::ones((Batch, Heads, Past, HeadDim));
    let new = Tensor::ones((Batch, Heads, New, HeadDim));
    let keys = new.concat(New, &past);
    let _y = attention(&new, &keys, &keys, &Causal);
}
