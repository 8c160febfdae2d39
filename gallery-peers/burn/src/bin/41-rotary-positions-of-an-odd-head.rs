use burn::nn::RotaryEncodingConfig;
use burn::tensor::Device;
use gallery_burn::*;

fn main() {
    let rotary = RotaryEncodingConfig::new(2, 5).init(&Device::default());
    rotary.forward(wave([1, 1, 2, 5]));
}
