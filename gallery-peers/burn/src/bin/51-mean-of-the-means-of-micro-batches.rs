use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    // Losses of 4 tokens, and of 1.
    let (a, b) = (Tensor::<1>::from_floats([1.0; 4], &device), Tensor::<1>::from_floats([6.0], &device));
    report((a.clone().mean() + b.clone().mean()) / 2.0, Tensor::cat(vec![a, b], 0).mean());
}
