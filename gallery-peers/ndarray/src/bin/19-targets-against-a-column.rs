use gallery_ndarray::*;
use ndarray::{arr0, array};

fn main() {
    let (predictions, targets) = (array![[1.0f32], [2.0], [3.0]], array![1.0, 2.0, 3.0]);
    report(&arr0((predictions - targets).pow2().mean().unwrap()), &arr0(0.0));
}
