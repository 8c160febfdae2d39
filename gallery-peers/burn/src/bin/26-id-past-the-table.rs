use burn::nn::EmbeddingConfig;
use burn::tensor::{Device, Int, Tensor};

fn main() {
    let device = Device::default();
    let table = EmbeddingConfig::new(5, 2).init(&device);
    table.forward(Tensor::<2, Int>::from_ints([[1, 7]], &device));
}
