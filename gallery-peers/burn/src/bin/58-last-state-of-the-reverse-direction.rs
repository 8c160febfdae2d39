use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let x = Tensor::<1>::from_floats([1.0, 2.0, 3.0], &Device::default());
    // A recurrent layer that adds up its inputs: (sequence, both directions).
    let reverse = x.clone().flip([0]).cumsum(0).flip([0]);
    let states = Tensor::stack::<2>(vec![x.cumsum(0), reverse], 1);
    let right = Tensor::cat(vec![states.clone().slice([2..3, 0..1]), states.clone().slice([0..1, 1..2])], 1);
    report(states.slice([2..3]), right);
}
