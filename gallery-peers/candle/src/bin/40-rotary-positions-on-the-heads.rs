use candle_core::{Result, Tensor};
use candle_nn::rotary_emb::rope;
use gallery_candle::*;

fn main() -> Result<()> {
    let x = wave((1, 2, 2, 4))?; // (batch, sequence, heads, head_dim): 2 of each
    let angle = arange((2, 1))?.broadcast_mul(&Tensor::new(&[1f32, 0.1], &Cpu)?)?; // (positions, head_dim / 2)
    let (cos, sin) = (angle.cos()?, angle.sin()?);
    let right = rope(&x.transpose(1, 2)?.contiguous()?, &cos, &sin)?.transpose(1, 2)?;
    report(&rope(&x, &cos, &sin)?, &right)
}
