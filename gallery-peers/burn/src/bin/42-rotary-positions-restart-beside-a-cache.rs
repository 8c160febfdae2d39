use burn::nn::RotaryEncodingConfig;
use burn::tensor::Device;
use gallery_burn::*;

fn main() {
    let q = wave([1, 1, 4]); // the query at position 3
    let rotary = RotaryEncodingConfig::new(8, 4).with_theta(100.0).init(&Device::default());
    report(rotary.forward(q.clone()), rotary.apply(q, 3));
}
