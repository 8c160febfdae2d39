use gallery_ndarray::*;
use ndarray::ShapeError;

fn main() -> Result<(), ShapeError> {
    let image = arange((4, 4)); // (height, width), to be 4 patches of 2 by 2
    let patches = image.to_shape((2, 2, 2, 2))?.permuted_axes([0, 2, 1, 3]);
    report(&image.to_shape((4, 4))?, &patches.to_shape((4, 4))?);
    Ok(())
}
