use gallery_ndarray::*;
use ndarray::ShapeError;

fn main() -> Result<(), ShapeError> {
    let heads = arange((1, 2, 2, 2)); // (batch, heads, sequence, head_dim)
    report(&heads.to_shape((1, 2, 4))?, &heads.view().permuted_axes([0, 2, 1, 3]).to_shape((1, 2, 4))?);
    Ok(())
}
