use gallery_ndarray::*;
use ndarray::{Array2, Axis, s};

fn main() {
    let ids = [0, 0, 5, 6]; // two of padding, and a text of two
    let (words, positions) = (Array2::<f32>::zeros((10, 1)), arange((16, 1)));
    let mask = Array2::from_shape_fn((4, 4), |(query, key)| if key <= query && key >= 2 { 0.0 } else { -1e9 });
    let encode = |places: [usize; 4]| {
        let x = (words.select(Axis(0), &ids) + positions.select(Axis(0), &places)).insert_axis(Axis(0));
        attend_with(&x, &x, &x, &mask).slice(s![.., 2.., ..]).to_owned()
    };
    report(&encode([0, 1, 2, 3]), &encode([0, 0, 0, 1]));
}
