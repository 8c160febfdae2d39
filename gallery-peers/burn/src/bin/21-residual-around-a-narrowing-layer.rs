use burn::nn::LinearConfig;
use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    let (x, layer) = (arange([2, 4]), LinearConfig::new(4, 1).init(&device));
    let y = x.clone() + layer.forward(x.clone()); // (2, 1) is stretched to (2, 4)
    report(Tensor::<1>::from_floats([f32::from(y.dims() == x.dims())], &device), Tensor::<1>::zeros([1], &device));
}
