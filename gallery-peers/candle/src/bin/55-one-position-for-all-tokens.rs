use candle_core::{DType, Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let (x, table) = (Tensor::zeros((1, 3, 2), DType::F32, &Cpu)?, arange((16, 2))?);
    report(&x.broadcast_add(&table.get(x.dim(1)?)?)?, &x.broadcast_add(&table.narrow(0, 0, x.dim(1)?)?)?)
}
