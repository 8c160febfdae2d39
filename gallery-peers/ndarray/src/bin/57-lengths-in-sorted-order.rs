use gallery_ndarray::*;
use ndarray::{Axis, array, aview2};

fn main() {
    let states = array![[[6.0f32], [0.0], [0.0]], [[3.0], [3.0], [3.0]]]; // of texts of 1 and of 3 tokens
    let lengths = [[1.0f32], [3.0]];
    let mut ordered = lengths; // for a recurrent layer; its states are in the given order again
    ordered.sort_by(|a, b| b[0].total_cmp(&a[0]));
    let mean = |lengths: &[[f32; 1]]| states.sum_axis(Axis(1)) / aview2(lengths);
    report(&mean(&ordered), &mean(&lengths));
}
