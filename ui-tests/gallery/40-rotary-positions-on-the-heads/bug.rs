use congruent::{Tensor, dims};

dims! { Batch = 1; Seq = 2; Heads = 2; Half = 2; }

fn rotate(first: &Tensor<(Batch, Seq, Heads, Half)>, angles: &Tensor<(Seq, Half)>) {
    let turned = first * angles.cos();
}

fn main() {}
