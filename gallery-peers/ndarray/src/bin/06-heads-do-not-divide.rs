use gallery_ndarray::*;
use ndarray::ShapeError;

fn main() -> Result<(), ShapeError> {
    let (x, heads) = (wave((1, 2, 6)), 4);
    x.to_shape((1, 2, heads, 6 / heads))?;
    Ok(())
}
