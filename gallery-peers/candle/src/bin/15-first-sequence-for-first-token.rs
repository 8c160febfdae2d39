use candle_core::{IndexOp, Result};
use gallery_candle::*;

fn main() -> Result<()> {
    let x = arange((2, 2, 3))?; // (batch, sequence, embed)
    report(&x.i(0)?, &x.i((.., 0))?)
}
