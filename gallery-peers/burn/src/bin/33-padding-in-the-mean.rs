use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    let x = Tensor::<3>::from_floats([[[1.0], [3.0], [0.0], [0.0]]], &device); // 2 tokens, 2 of padding
    report(x.mean_dim(1).squeeze_dim::<2>(1), Tensor::<2>::from_floats([[2.0]], &device));
}
