use candle_core::Result;
use gallery_candle::*;

fn main() -> Result<()> {
    let x = arange((2, 2, 3))?; // (batch, sequence, embed)
    report(&x.mean(0)?, &x.mean(1)?)
}
