use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    // Of texts of 1 and of 3 tokens.
    let states = Tensor::<3>::from_floats([[[6.0], [0.0], [0.0]], [[3.0], [3.0], [3.0]]], &device);
    let lengths = [[[1.0f32]], [[3.0]]];
    let mut ordered = lengths; // for a recurrent layer; its states are in the given order again
    ordered.sort_by(|a, b| b[0][0].total_cmp(&a[0][0]));
    let mean = |lengths: [[[f32; 1]; 1]; 2]| states.clone().sum_dim(1) / Tensor::<3>::from_floats(lengths, &device);
    report(mean(ordered), mean(lengths));
}
