use gallery_ndarray::*;
use ndarray::{ArrayRef3, Axis, array, s};

fn main() {
    let states = array![[[-2f32], [-1.0], [0.0]]]; // of 2 tokens, and of padding
    let max = |x: &ArrayRef3<f32>| x.fold_axis(Axis(1), f32::NEG_INFINITY, |a, b| a.max(*b));
    report(&max(&states), &max(&states.slice(s![.., ..2, ..])));
}
