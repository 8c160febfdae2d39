use gallery_ndarray::*;
use ndarray::{Array3, Axis, concatenate, s};

fn main() {
    let (patches, token) = (Array3::<f32>::zeros((1, 3, 2)), Array3::<f32>::zeros((1, 1, 2)));
    let positions = arange((16, 2)) + 1.0;
    let placed = &patches + &positions.slice(s![..3, ..]);
    let right = concatenate![Axis(1), token, patches] + &positions.slice(s![..4, ..]);
    report(&concatenate![Axis(1), token, placed], &right);
}
