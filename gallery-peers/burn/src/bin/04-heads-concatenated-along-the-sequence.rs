use burn::tensor::Tensor;
use gallery_burn::*;

fn main() {
    let heads = vec![arange([1, 2, 2]), arange([1, 2, 2]) + 10.0]; // each (batch, sequence, head_dim)
    report(Tensor::cat(heads.clone(), 1).reshape([1, 2, 4]), Tensor::cat(heads, 2));
}
