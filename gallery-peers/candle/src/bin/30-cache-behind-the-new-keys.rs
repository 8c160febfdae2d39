use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let (past, new, q) = (wave((1, 3, 2))?, (wave((1, 2, 2))? * 2.0)?, wave((1, 2, 2))?);
    // queries are the last 2 of 5 keys
    let bias = Tensor::new(&[[0.0, 0.0, 0.0, 0.0, f32::NEG_INFINITY], [0.0; 5]], &Cpu)?;
    let (wrong, right) = (Tensor::cat(&[&new, &past], 1)?, Tensor::cat(&[&past, &new], 1)?);
    report(&attend_with(&q, &wrong, &wrong, &bias)?, &attend_with(&q, &right, &right, &bias)?)
}
