//! The largest of each window of padded frames.
use congruent::Sliding;
use congruent::prelude::*;

dims! { Batch = 2; Mels = 4; Time = 9; Kernel = 3; Frames = 3; }

fn main() {
    let x = Tensor::ones((Batch, Mels, Ragged(Time)));
    let y = x.max_pool(Kernel, Frames, Sliding::default().stride(N::<3>));
}
