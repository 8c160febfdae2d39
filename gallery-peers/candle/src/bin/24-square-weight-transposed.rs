use candle_core::Result;
use candle_nn::{Linear, Module};
use gallery_candle::*;

fn main() -> Result<()> {
    let (x, weight) = (wave((2, 2))?, wave((2, 2))?); // stored (in, out), as GPT-2 does
    report(&Linear::new(weight.clone(), None).forward(&x)?, &x.matmul(&weight)?)
}
