use gallery_ndarray::*;
use ndarray::{Array3, Axis, concatenate, s};

fn main() {
    let x = wave((4, 2, 2)); // (batch and heads, sequence, head_dim): 2 sequences of 2 heads
    let mut bias = Array3::zeros((2, 2, 2)); // (batch, queries, keys)
    bias.slice_mut(s![1, .., 1]).fill(f32::NEG_INFINITY); // the second sequence has one token
    let wrong = concatenate![Axis(0), bias, bias];
    let right = bias.select(Axis(0), &[0, 0, 1, 1]);
    report(&attend_with(&x, &x, &x, &wrong), &attend_with(&x, &x, &x, &right));
}
