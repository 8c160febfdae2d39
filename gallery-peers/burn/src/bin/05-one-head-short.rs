use burn::nn::LinearConfig;
use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let heads = vec![wave([1, 2, 2]); 3];
    let output = LinearConfig::new(6, 6).init(&Device::default());
    output.forward(Tensor::cat(heads[..2].to_vec(), 2));
}
