use candle_core::{IndexOp, Result};
use candle_nn::{Linear, Module};
use gallery_candle::*;

fn main() -> Result<()> {
    let (x, projection) = (wave((1, 2, 4))?, Linear::new(wave((12, 4))?, None)); // its rows are (heads, 3, head_dim)
    let fused = projection.forward(&x)?;
    let query = fused.reshape((1, 2, 3, 2, 2))?.i((.., .., 0))?; // read as (3, heads, head_dim)
    report(&query, &fused.reshape((1, 2, 2, 3, 2))?.i((.., .., .., 0))?)
}
