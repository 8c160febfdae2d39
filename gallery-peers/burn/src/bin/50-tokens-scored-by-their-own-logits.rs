use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    let prompt = Tensor::<3, Int>::from_ints([[[0], [1], [2], [3]]], &device);
    let next = [[0.0, 9.0, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0], [0.0, 0.0, 0.0, 9.0], [9.0, 0.0, 0.0, 0.0]];
    // Of a model that is all but certain of what follows.
    let scores = log_softmax(Tensor::<3>::from_floats([next], &device), 2);
    let right = scores.clone().narrow(1, 0, 3).gather(2, prompt.clone().narrow(1, 1, 3));
    report(scores.gather(2, prompt), right);
}
