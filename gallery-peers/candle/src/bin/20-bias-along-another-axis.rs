use candle_core::{DType, Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    // (queries, keys), and one number for each query
    let (scores, bias) = (Tensor::zeros((3, 3), DType::F32, &Cpu)?, arange(3)?);
    report(&scores.broadcast_add(&bias)?, &scores.broadcast_add(&bias.unsqueeze(1)?)?)
}
