use candle_core::{DType, Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let (patches, token) = (Tensor::zeros((1, 3, 2), DType::F32, &Cpu)?, Tensor::zeros((1, 1, 2), DType::F32, &Cpu)?);
    let positions = (arange((16, 2))? + 1.0)?;
    let got = Tensor::cat(&[&token, &patches.broadcast_add(&positions.narrow(0, 0, 3)?)?], 1)?;
    report(&got, &Tensor::cat(&[&token, &patches], 1)?.broadcast_add(&positions.narrow(0, 0, 4)?)?)
}
