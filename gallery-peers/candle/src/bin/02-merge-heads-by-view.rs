use candle_core::Result;
use gallery_candle::*;

fn main() -> Result<()> {
    let heads = arange((1, 2, 2, 2))?; // (batch, heads, sequence, head_dim)
    report(&heads.reshape((1, 2, 4))?, &heads.transpose(1, 2)?.reshape((1, 2, 4))?)
}
