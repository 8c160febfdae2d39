use gallery_ndarray::*;
use ndarray::{Array3, Axis, s};

fn main() {
    let x = wave((2, 2, 2, 2)); // (batch, heads, sequence, head_dim): 2 of each
    let mut bias = Array3::zeros((2, 2, 2)); // (batch, queries, keys)
    bias.slice_mut(s![1, .., 1]).fill(f32::NEG_INFINITY); // the second sequence has one token
    report(&attend_with(&x, &x, &x, &bias), &attend_with(&x, &x, &x, &bias.view().insert_axis(Axis(1))));
}
