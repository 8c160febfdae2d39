use congruent::nn::attention;
use congruent::{Allowed, Cpu, Create, Ragged, Tensor, dims};

dims! { Batch = 1; Heads = 1; Seq = 3; HeadDim = 2; }

fn attend(x: &Tensor<(Batch, Heads, Ragged<Seq>, HeadDim)>) {
    let valid = Cpu::<bool>::from_fn((Ragged(Seq), Ragged(Seq)), |[query, _key]| query < 2);
    let y = attention(x, x, x, &Allowed::new(valid));
}

fn main() {}
