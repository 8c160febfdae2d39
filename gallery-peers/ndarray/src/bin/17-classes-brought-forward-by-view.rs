use gallery_ndarray::*;
use ndarray::{ShapeError, arr0};

fn main() -> Result<(), ShapeError> {
    let (logits, targets) = (wave((1, 4, 3)), [0, 1, 2]); // (batch, classes, sequence): the loss wants the classes last
    let right = cross_entropy(&logits.view().permuted_axes([0, 2, 1]).to_shape((3, 4))?, &targets);
    report(&arr0(cross_entropy(&logits.to_shape((3, 4))?, &targets)), &arr0(right));
    Ok(())
}
