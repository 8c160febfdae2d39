use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    let predictions = Tensor::<2>::from_floats([[1.0], [2.0], [3.0]], &device);
    let targets = Tensor::<1>::from_floats([1.0, 2.0, 3.0], &device);
    report((predictions - targets).square().mean(), Tensor::<1>::zeros([1], &device));
}
