use gallery_ndarray::*;

fn main() {
    let x = wave((1, 3, 2, 2)); // (batch, sequence, heads, head_dim)
    let y = x.view().permuted_axes([0, 2, 1, 3]);
    report(&attend(&x, &x, &x), &attend(&y, &y, &y).permuted_axes([0, 2, 1, 3]));
}
