use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let tokens = wave((1, 2, 2))?;
    let x = Tensor::cat(&[&tokens, &Tensor::full(9f32, (1, 1, 2), &Cpu)?], 1)?; // 2 tokens, 1 of padding
    report(&attend(&x, &x, &x)?.narrow(1, 0, 2)?, &attend(&tokens, &tokens, &tokens)?)
}
