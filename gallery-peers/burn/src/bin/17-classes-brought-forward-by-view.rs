use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    let logits = wave([1, 4, 3]); // (batch, classes, sequence), and the loss wants (anything, classes)
    let targets = Tensor::<1, Int>::from_ints([0, 1, 2], &device);
    let loss = CrossEntropyLossConfig::new().init(&device);
    let right = loss.forward(logits.clone().swap_dims(1, 2).reshape([3, 4]), targets.clone());
    report(loss.forward(logits.reshape([3, 4]), targets), right);
}
