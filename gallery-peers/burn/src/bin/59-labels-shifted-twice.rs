use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor};
use gallery_burn::*;

fn next_token_loss(logits: Tensor<2>, tokens: Tensor<1, Int>) -> Tensor<1> {
    let next = tokens.dims()[0] - 1;
    CrossEntropyLossConfig::new().init(&logits.device()).forward(logits.narrow(0, 0, next), tokens.narrow(0, 1, next))
}

fn main() {
    let device = Device::default();
    let tokens = Tensor::<1, Int>::from_ints([0, 1, 2, 3], &device);
    let next = [[0.0, 9.0, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0], [0.0, 0.0, 0.0, 9.0], [9.0, 0.0, 0.0, 0.0]];
    let logits = Tensor::<2>::from_floats(next, &device); // of a model that is all but certain of what follows
    let got = next_token_loss(logits.clone().narrow(0, 0, 3), tokens.clone().narrow(0, 1, 3));
    report(got, next_token_loss(logits, tokens));
}
