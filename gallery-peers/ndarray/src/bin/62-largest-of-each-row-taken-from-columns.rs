use gallery_ndarray::*;
use ndarray::{Axis, array};

fn main() {
    let similarities = array![[1f32, 0.0], [0.0, 81.0]]; // (samples, negatives)
    let largest = similarities.fold_axis(Axis(1), f32::NEG_INFINITY, |a, b| a.max(*b));
    report(&(&similarities - &largest), &(&similarities - &largest.clone().insert_axis(Axis(1))));
}
