use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let (q, k) = (wave((1, 1, 2, 2))?, wave((1, 1, 4, 2))?); // a chunk of 2, behind 2 of the cache
    let bias = Tensor::new(&[0.0, f32::NEG_INFINITY], &Cpu)?; // of the chunk, the first is live
    attend_with(&q, &k, &k, &bias)?;
    Ok(())
}
