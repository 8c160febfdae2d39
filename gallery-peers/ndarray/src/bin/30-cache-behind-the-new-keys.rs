use gallery_ndarray::*;
use ndarray::{Array2, Axis, concatenate};

fn main() {
    let (past, new, q) = (wave((1, 3, 2)), 2.0 * wave((1, 2, 2)), wave((1, 2, 2)));
    let mut bias = Array2::zeros((2, 5)); // queries are the last 2 of 5 keys
    bias[[0, 4]] = f32::NEG_INFINITY;
    let (wrong, right) = (concatenate![Axis(1), new, past], concatenate![Axis(1), past, new]);
    report(&attend_with(&q, &wrong, &wrong, &bias), &attend_with(&q, &right, &right, &bias));
}
