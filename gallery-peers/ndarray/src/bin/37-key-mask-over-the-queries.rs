use gallery_ndarray::*;
use ndarray::{Axis, array};

fn main() {
    let x = wave((1, 3, 2));
    let bias = array![0.0, 0.0, -1e9]; // the third key is padding
    report(&attend_with(&x, &x, &x, &bias.view().insert_axis(Axis(1))), &attend_with(&x, &x, &x, &bias));
}
