//! Padded frames become speech again.
use congruent::Sliding;
use congruent::prelude::*;

dims! { Batch = 2; Mels = 4; Time = 9; Hidden = 3; Kernel = 3; Frames = 7; }

fn main() {
    let (x, weight) = (Tensor::ones((Batch, Hidden, Ragged(Frames))), Tensor::ones((Hidden, Mels, Kernel)));
    let y = x.conv_transpose(&weight, None, Time, Sliding::default());
}
