use gallery_ndarray::*;
use ndarray::{array, s};

fn main() {
    let x = wave((1, 1, 2, 2));
    let bias = array![[false, false], [true, true]].mapv(|allowed| if allowed { 0.0 } else { f32::NEG_INFINITY });
    report(&attend_with(&x, &x, &x, &bias).slice(s![0, 0, 0, ..]), &array![0.0, 0.0].view());
}
