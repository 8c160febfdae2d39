use congruent::nn::attention;
use congruent::{Causal, Tensor, dims};

dims! { Batch = 2; Heads = 3; Past = 7; New = 1; HeadDim = 4; }

fn main() {
    let past = Tensor::ones((Batch, Heads, Past, HeadDim));
    let new = Tensor::ones((Batch, Heads, New, HeadDim));
    let keys = past.concat(Past, &new);
    let y = attention(&new, &keys, &keys, &Causal);
    assert_eq!(keys.sizes(), [2, 3, 8, 4]);
    assert_eq!(y.sizes(), [2, 3, 1, 4]);
}
