use candle_core::{D, Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let heads = [arange((1, 2, 2))?, (arange((1, 2, 2))? + 10.0)?]; // each (batch, sequence, head_dim)
    report(&Tensor::cat(&heads, 1)?.reshape((1, 2, 4))?, &Tensor::cat(&heads, D::Minus1)?)
}
