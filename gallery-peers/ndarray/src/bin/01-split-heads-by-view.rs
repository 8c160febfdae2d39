use gallery_ndarray::*;
use ndarray::ShapeError;

fn main() -> Result<(), ShapeError> {
    let x = arange((1, 2, 4)); // (batch, sequence, embed), to be 2 heads of 2
    report(&x.to_shape((1, 2, 2, 2))?, &x.to_shape((1, 2, 2, 2))?.permuted_axes([0, 2, 1, 3]));
    Ok(())
}
