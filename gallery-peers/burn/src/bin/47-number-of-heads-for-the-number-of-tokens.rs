use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let mut seen = 0;
    for length in [3, 1] {
        let q = wave([1, length, 8]).reshape([1, length, 4, 2]); // (batch, sequence, heads, head_dim)
        seen += q.dims()[2];
    }
    let device = Device::default();
    report(Tensor::<1>::from_floats([seen as f32], &device), Tensor::<1>::from_floats([4.0], &device));
}
