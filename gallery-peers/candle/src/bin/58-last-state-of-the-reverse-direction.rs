use candle_core::{Result, Tensor};
use gallery_candle::*;

fn main() -> Result<()> {
    let x = Tensor::new(&[1f32, 2.0, 3.0], &Cpu)?;
    // A recurrent layer that adds up its inputs: (sequence, both directions).
    let reverse = x.flip(&[0])?.cumsum(0)?.flip(&[0])?;
    let states = Tensor::stack(&[x.cumsum(0)?, reverse], 1)?;
    let right = Tensor::cat(&[states.get(2)?.narrow(0, 0, 1)?, states.get(0)?.narrow(0, 1, 1)?], 0)?;
    report(&states.get(2)?, &right)
}
