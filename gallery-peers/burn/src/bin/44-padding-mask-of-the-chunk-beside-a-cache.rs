use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let (q, k) = (wave([1, 1, 2, 2]), wave([1, 1, 4, 2])); // a chunk of 2, behind 2 of the cache
    let bias = Tensor::<4>::from_floats([[[[0.0, f32::NEG_INFINITY]]]], &Device::default()); // of the chunk, the first is live
    attend_biased(q, k.clone(), k, bias);
}
