use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let x = wave([1, 3, 2]);
    let bias = Tensor::<1>::from_floats([0.0, 0.0, -1e9], &Device::default()); // the third key is padding
    let got = attend_biased(x.clone(), x.clone(), x.clone(), bias.clone().reshape([1, 3, 1]));
    report(got, attend_biased(x.clone(), x.clone(), x, bias.reshape([1, 1, 3])));
}
