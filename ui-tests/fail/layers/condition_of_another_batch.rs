//! One condition for each guided sample, and twice as many samples.
use congruent::nn::AdaptiveLayerNorm;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Embed = 4; Time = 8; }

fn main() {
    let norm = AdaptiveLayerNorm::new(Time, Embed, 1e-6);
    let x = Tensor::ones((Plus(Batch, Batch), Seq, Embed));
    norm.forward(&x, &Tensor::ones((Batch, Time)));
}
