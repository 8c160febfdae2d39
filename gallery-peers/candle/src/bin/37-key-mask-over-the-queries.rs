use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let x = wave((1, 3, 2))?;
    let bias = Tensor::new(&[0f32, 0.0, -1e9], &Cpu)?; // the third key is padding
    report(&attend_with(&x, &x, &x, &bias.unsqueeze(1)?)?, &attend_with(&x, &x, &x, &bias)?)
}
