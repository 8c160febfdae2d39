use burn::nn::conv::Conv1dConfig;
use burn::tensor::Device;
use gallery_burn::*;

fn main() {
    let convolve = Conv1dConfig::new(2, 1, 3).init(&Device::default());
    convolve.forward(wave([1, 2, 4]).swap_dims(1, 2)); // (batch, channels, time)
}
