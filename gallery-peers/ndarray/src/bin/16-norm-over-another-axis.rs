use gallery_ndarray::*;
use ndarray::{Array3, ArrayView3, Axis};

fn norm(x: ArrayView3<f32>) -> Array3<f32> {
    let mean = x.mean_axis(Axis(2)).unwrap().insert_axis(Axis(2));
    let variance = x.var_axis(Axis(2), 0.0).insert_axis(Axis(2));
    (&x - &mean) / (variance + 1e-5).sqrt()
}

fn main() {
    let x = wave((1, 4, 4)); // (batch, channels, positions): the norm is for channels
    report(&norm(x.view()), &norm(x.view().permuted_axes([0, 2, 1])).permuted_axes([0, 2, 1]));
}
