use gallery_ndarray::*;
use ndarray::arr0;

fn main() {
    let mut seen = 0;
    for length in [3, 1] {
        let q = wave((1, length, 8)).into_shape_with_order((1, length, 4, 2)).unwrap(); // (batch, sequence, heads, head_dim)
        seen += q.shape()[2];
    }
    report(&arr0(seen as f32), &arr0(4.0));
}
