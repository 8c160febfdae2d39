//! Padded speech is convolved along its frames.
use congruent::nn::Conv1d;
use congruent::prelude::*;
use congruent::{Rng, Sliding};

dims! { Batch = 2; Mels = 4; Time = 9; Hidden = 3; Kernel = 3; Frames = 7; }

fn main() {
    let layer = Conv1d::random((Hidden, Mels, Kernel), Sliding::default(), &mut Rng::with_seed(1));
    let y = layer.forward(&Tensor::ones((Batch, Mels, Ragged(Time))), Frames);
}
