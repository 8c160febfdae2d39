use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    // Two texts of two tokens.
    let q = Tensor::<3>::ones([1, 4, 1], &device);
    let v = Tensor::<3>::from_floats([[[100.0], [100.0], [1.0], [1.0]]], &device);
    let no = f32::NEG_INFINITY;
    let causal = [[0.0, no, no, no], [0.0, 0.0, no, no], [0.0, 0.0, 0.0, no], [0.0; 4]];
    let own = [[0.0, no, no, no], [0.0, 0.0, no, no], [no, no, 0.0, no], [no, no, 0.0, 0.0]];
    let [got, right] = [causal, own]
        .map(|bias| attend_biased(q.clone(), q.clone(), v.clone(), Tensor::<3>::from_floats([bias], &device)));
    report(got, right);
}
