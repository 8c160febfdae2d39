use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let mut seen = 0;
    for length in [3, 1] {
        let q = wave((1, length, 8))?.reshape((1, length, 4, 2))?; // (batch, sequence, heads, head_dim)
        seen += q.dim(2)?;
    }
    report(&Tensor::new(seen as f32, &Cpu)?, &Tensor::new(4f32, &Cpu)?)
}
