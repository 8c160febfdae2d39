use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    // 4 samples without a condition, and with it.
    let doubled = Tensor::cat(&[arange((4, 1))?, (arange((4, 1))? + 100.0)?], 0)?;
    let sample = 1;
    let right = Tensor::cat(&[doubled.narrow(0, sample, 1)?, doubled.narrow(0, sample + 4, 1)?], 0)?;
    report(&doubled.narrow(0, 2 * sample, 2)?, &right)
}
