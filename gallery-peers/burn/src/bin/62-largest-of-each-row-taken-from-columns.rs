use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let similarities = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 81.0]], &Device::default()); // (samples, negatives)
    let largest = similarities.clone().max_dim(1);
    report(similarities.clone() - largest.clone().squeeze_dim::<1>(1), similarities - largest);
}
