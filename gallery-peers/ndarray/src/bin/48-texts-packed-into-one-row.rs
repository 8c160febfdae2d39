use gallery_ndarray::*;
use ndarray::{Array3, array};

fn main() {
    let (q, v) = (Array3::ones((1, 4, 1)), array![[[100.0], [100.0], [1.0], [1.0]]]); // two texts of two tokens
    let no = f32::NEG_INFINITY;
    let causal = array![[0.0, no, no, no], [0.0, 0.0, no, no], [0.0, 0.0, 0.0, no], [0.0, 0.0, 0.0, 0.0]];
    let own = array![[0.0, no, no, no], [0.0, 0.0, no, no], [no, no, 0.0, no], [no, no, 0.0, 0.0]];
    report(&attend_with(&q, &q, &v, &causal), &attend_with(&q, &q, &v, &own));
}
