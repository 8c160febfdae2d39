use candle_core::Result;
use candle_nn::{Conv1d, Conv1dConfig, Module};
use gallery_candle::*;

fn main() -> Result<()> {
    let convolve = Conv1d::new(wave((1, 2, 3))?, None, Conv1dConfig::default());
    convolve.forward(&wave((1, 2, 4))?.transpose(1, 2)?)?; // (batch, channels, time)
    Ok(())
}
