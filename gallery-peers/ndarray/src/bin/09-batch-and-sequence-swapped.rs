use gallery_ndarray::*;
use ndarray::Array3;

/// Self-attention over (sequence, batch, embed).
fn layer(x: &Array3<f32>) -> Array3<f32> {
    let x = x.view().permuted_axes([1, 0, 2]);
    attend(&x, &x, &x).permuted_axes([1, 0, 2])
}

fn main() {
    let x = wave((3, 3, 2)); // (batch, sequence, embed), 3 of each
    report(&layer(&x), &attend(&x, &x, &x));
}
