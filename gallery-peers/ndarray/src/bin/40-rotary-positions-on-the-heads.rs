use gallery_ndarray::*;
use ndarray::{Array4, ArrayRef, Axis, DimMax, Dimension, Ix4, array, concatenate, s};

fn rotate<D>(x: &Array4<f32>, angle: &ArrayRef<f32, D>) -> Array4<f32>
where
    D: Dimension,
    Ix4: DimMax<D, Output = Ix4>,
{
    let (first, second) = (x.slice(s![.., .., .., ..2]), x.slice(s![.., .., .., 2..]));
    let (cos, sin) = (angle.cos(), angle.sin());
    concatenate![Axis(3), &first * &cos - &second * &sin, &second * &cos + &first * &sin]
}

fn main() {
    let x = wave((1, 2, 2, 4)); // (batch, sequence, heads, head_dim): 2 of each
    let angle = arange((2, 1)) * array![1.0, 0.1]; // (positions, head_dim / 2)
    report(&rotate(&x, &angle), &rotate(&x, &angle.view().insert_axis(Axis(1))));
}
