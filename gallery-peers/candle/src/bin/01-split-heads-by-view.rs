use candle_core::Result;
use gallery_candle::*;

fn main() -> Result<()> {
    let x = arange((1, 2, 4))?; // (batch, sequence, embed), to be 2 heads of 2
    report(&x.reshape((1, 2, 2, 2))?, &x.reshape((1, 2, 2, 2))?.transpose(1, 2)?)
}
