use burn::nn::RotaryEncodingConfig;
use burn::tensor::Device;
use gallery_burn::*;

fn main() {
    let x = wave([1, 2, 2, 4]); // (batch, sequence, heads, head_dim): 2 of each
    let rotary = RotaryEncodingConfig::new(2, 4).with_theta(100.0).init(&Device::default());
    report(rotary.forward(x.clone()), rotary.forward(x.swap_dims(1, 2)).swap_dims(1, 2));
}
