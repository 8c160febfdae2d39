use congruent::nn::attention;
use congruent::{Allowed, Cpu, Create, Plus, Tensor, dims};

dims! { Batch = 1; Heads = 1; Past = 4; New = 1; HeadDim = 1; }

type Queries = Tensor<(Batch, Heads, New, HeadDim)>;
type Keys = Tensor<(Batch, Heads, Plus<Past, New>, HeadDim)>;

fn step(q: &Queries, k: &Keys, v: &Keys) {
    // Each token, and the one before it.
    let window = Cpu::<bool>::from_fn((New, Plus(Past, New)), |[query, key]| key <= query && query < key + 2);
    let y = attention(q, k, v, &Allowed::new(window));
}

fn main() {}
