use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let states = Tensor::new(&[[[-2f32], [-1.0], [0.0]]], &Cpu)?; // of 2 tokens, and of padding
    report(&states.max(1)?, &states.narrow(1, 0, 2)?.max(1)?)
}
