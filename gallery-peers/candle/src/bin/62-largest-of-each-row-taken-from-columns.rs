use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let similarities = Tensor::new(&[[1f32, 0.0], [0.0, 81.0]], &Cpu)?; // (samples, negatives)
    let right = similarities.broadcast_sub(&similarities.max_keepdim(1)?)?;
    report(&similarities.broadcast_sub(&similarities.max(1)?)?, &right)
}
