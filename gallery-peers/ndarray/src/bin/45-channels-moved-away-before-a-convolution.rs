use gallery_ndarray::*;
use ndarray::{Array2, Array3, Axis, s};

/// A convolution over time of (channels, time).
fn convolve(kernel: &Array3<f32>, x: &Array2<f32>) -> Array2<f32> {
    let (width, inner) = (kernel.len_of(Axis(0)), x.len_of(Axis(1)) + 1 - kernel.len_of(Axis(0)));
    let products = (0..width).map(|i| kernel.index_axis(Axis(0), i).dot(&x.slice(s![.., i..i + inner])));
    products.reduce(|a, b| a + b).unwrap()
}

fn main() {
    convolve(&wave((3, 1, 2)), &wave((2, 4)).reversed_axes());
}
