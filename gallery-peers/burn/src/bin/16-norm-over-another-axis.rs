use burn::nn::LayerNormConfig;
use burn::tensor::Device;
use gallery_burn::*;

fn main() {
    let x = wave([1, 4, 4]); // (batch, channels, positions): the norm is for channels
    let norm = LayerNormConfig::new(4).init(&Device::default());
    report(norm.forward(x.clone()), norm.forward(x.swap_dims(1, 2)).swap_dims(1, 2));
}
