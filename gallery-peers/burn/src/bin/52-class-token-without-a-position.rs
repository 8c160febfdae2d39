use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    let (patches, token) = (Tensor::<3>::zeros([1, 3, 2], &device), Tensor::<3>::zeros([1, 1, 2], &device));
    let positions = arange([16, 2]) + 1.0;
    let placed = patches.clone() + positions.clone().slice([0..3]).unsqueeze();
    let right = Tensor::cat(vec![token.clone(), patches], 1) + positions.slice([0..4]).unsqueeze();
    report(Tensor::cat(vec![token, placed], 1), right);
}
