use candle_core::{D, Result, Tensor};
use candle_nn::ops::{log_softmax, softmax};
use gallery_candle::*;

/// The divergence of probabilities from predicted ones, of which it takes the logarithms.
fn kl_div(predicted: &Tensor, targets: &Tensor) -> Result<Tensor> {
    (targets * (targets.log()? - predicted)?)?.sum(D::Minus1)?.mean(0)
}

fn main() -> Result<()> {
    let logits = Tensor::new(&[[1f32, 2.0, 3.0]], &Cpu)?; // of a student that says what its teacher says
    let teacher = softmax(&logits, 1)?;
    report(&kl_div(&softmax(&logits, 1)?, &teacher)?, &kl_div(&log_softmax(&logits, 1)?, &teacher)?)
}
