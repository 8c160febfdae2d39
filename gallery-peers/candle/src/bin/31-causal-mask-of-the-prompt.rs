use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let (q, k) = (wave((1, 1, 2, 2))?, wave((1, 1, 5, 2))?); // the second chunk of a prompt: 3 past, 2 new
    let mask = Tensor::new(&[[0f32, -1e9], [0.0, 0.0]], &Cpu)?;
    attend_with(&q, &k, &k, &mask)?;
    Ok(())
}
