use gallery_ndarray::*;
use ndarray::{Axis, concatenate};

fn main() {
    let heads = [wave((2, 2)), wave((2, 2)), wave((2, 2))];
    let output = wave((6, 6));
    let _ = concatenate![Axis(1), heads[0], heads[1]].dot(&output.t());
}
