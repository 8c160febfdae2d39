use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    let (q, k) = (Tensor::<3>::ones([1, 1, 1], &device), Tensor::<3>::ones([1, 5, 1], &device)); // behind 4 keys
    let v = Tensor::<3>::from_floats([[[1.0], [1.0], [1.0], [1.0], [100.0]]], &device);
    // A window of the token and the one before it.
    let [got, right] = [0, 4].map(|query| {
        let bias = [0, 1, 2, 3, 4].map(|key| if key <= query && query < key + 2 { 0.0 } else { f32::NEG_INFINITY });
        attend_biased(q.clone(), k.clone(), v.clone(), Tensor::<3>::from_floats([[bias]], &device))
    });
    report(got, right);
}
