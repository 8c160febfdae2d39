use candle_core::{DType, Device, Result, Tensor};

const EMBED: usize = 384;

fn main() -> Result<()> {
    // EDIT
    println!("{}", Tensor::ones(EMBED, DType::F32, &Device::Cpu)?.sum_all()?.to_scalar::<f32>()?);
    Ok(())
}
