use candle_core::{Result, Tensor};
use candle_nn::rotary_emb::rope;
use gallery_candle::*;

fn main() -> Result<()> {
    let q = wave((1, 1, 1, 4))?; // the query at position 3
    let angles = arange((8, 1))?.broadcast_mul(&Tensor::new(&[1f32, 0.1], &Cpu)?)?;
    let rotate = |angle: Tensor| rope(&q, &angle.cos()?, &angle.sin()?);
    report(&rotate(angles.narrow(0, 0, 1)?)?, &rotate(angles.narrow(0, 3, 1)?)?)
}
