use candle_core::{Result, Tensor};
use candle_nn::loss::cross_entropy;
use gallery_candle::*;

fn next_token_loss(logits: &Tensor, tokens: &Tensor) -> Result<Tensor> {
    let next = tokens.dim(0)? - 1;
    cross_entropy(&logits.narrow(0, 0, next)?, &tokens.narrow(0, 1, next)?)
}

fn main() -> Result<()> {
    let tokens = Tensor::new(&[0u32, 1, 2, 3], &Cpu)?;
    let next = [[0f32, 9.0, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0], [0.0, 0.0, 0.0, 9.0], [9.0, 0.0, 0.0, 0.0]];
    let logits = Tensor::new(&next, &Cpu)?; // of a model that is all but certain of what follows
    let got = next_token_loss(&logits.narrow(0, 0, 3)?, &tokens.narrow(0, 1, 3)?)?;
    report(&got, &next_token_loss(&logits, &tokens)?)
}
