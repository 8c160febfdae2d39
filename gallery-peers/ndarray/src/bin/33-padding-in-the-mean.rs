use gallery_ndarray::*;
use ndarray::{Axis, array};

fn main() {
    let x = array![[[1.0], [3.0], [0.0], [0.0]]]; // 2 tokens, 2 of padding
    report(&x.mean_axis(Axis(1)).unwrap(), &array![[2.0]]);
}
