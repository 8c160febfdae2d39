use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    let logits = Tensor::<2>::zeros([3, 4], &device).slice_fill([2..3, 1..2], 8.0); // the last row is of the padding
    let targets = Tensor::<1, Int>::from_ints([2, 3, 0], &device); // 2 tokens, then padding
    let loss = CrossEntropyLossConfig::new().init(&device);
    let right = loss.forward(logits.clone().slice([0..2]), targets.clone().slice([0..2]));
    report(loss.forward(logits, targets), right);
}
