use gallery_ndarray::*;
use ndarray::{Axis, ShapeError, concatenate};

fn main() -> Result<(), ShapeError> {
    let (first, second) = (arange((1, 2, 2)), arange((1, 2, 2)) + 10.0); // each (batch, sequence, head_dim)
    report(&concatenate![Axis(1), first, second].to_shape((1, 2, 4))?, &concatenate![Axis(2), first, second]);
    Ok(())
}
