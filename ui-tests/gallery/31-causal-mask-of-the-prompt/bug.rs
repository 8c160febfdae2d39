use congruent::nn::attention;
use congruent::{Allowed, Cpu, Plus, Tensor, dims};

dims! { Batch = 1; Heads = 1; Past = 3; New = 2; HeadDim = 2; }

fn chunk(
    q: &Tensor<(Batch, Heads, New, HeadDim)>,
    k: &Tensor<(Batch, Heads, Plus<Past, New>, HeadDim)>,
    lower_triangle: Tensor<(New, New), Cpu<bool>>,
) {
    let y = attention(q, k, k, &Allowed::new(lower_triangle));
}

fn main() {}
