use burn::nn::LinearConfig;
use burn::tensor::Device;
use gallery_burn::*;

fn main() {
    let (x, layer) = (wave([2, 6]), LinearConfig::new(8, 8).init(&Device::default()));
    layer.forward(x);
}
