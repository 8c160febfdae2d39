use gallery_ndarray::*;
use ndarray::{Array2, ArrayView2, Axis, array, concatenate, s};

fn rotate(x: &Array2<f32>, angle: ArrayView2<f32>) -> Array2<f32> {
    let (first, second) = (x.slice(s![.., ..2]), x.slice(s![.., 2..]));
    let (cos, sin) = (angle.cos(), angle.sin());
    concatenate![Axis(1), &first * &cos - &second * &sin, &second * &cos + &first * &sin]
}

fn main() {
    let q = wave((1, 4)); // the query at position 3
    let angles = arange((8, 1)) * array![1.0, 0.1];
    report(&rotate(&q, angles.slice(s![0..1, ..])), &rotate(&q, angles.slice(s![3..4, ..])));
}
