use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let states = Tensor::<3>::from_floats([[[-2.0], [-1.0], [0.0]]], &Device::default()); // of 2 tokens, and of padding
    report(states.clone().max_dim(1), states.narrow(1, 0, 2).max_dim(1));
}
