use gallery_ndarray::*;
use ndarray::{Axis, ShapeError};

fn main() -> Result<(), ShapeError> {
    let (x, weight) = (wave((2, 4)), wave((12, 4))); // the rows of the weight are (heads, 3, head_dim)
    let fused = x.dot(&weight.t());
    let fused_query = fused.to_shape((1, 2, 3, 2, 2))?; // read as (3, heads, head_dim)
    report(&fused_query.index_axis(Axis(2), 0), &fused.to_shape((1, 2, 2, 3, 2))?.index_axis(Axis(3), 0));
    Ok(())
}
