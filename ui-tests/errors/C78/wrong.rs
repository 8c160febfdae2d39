use congruent::Sliding;
use congruent::prelude::*;

dims! { Batch = 2; Mels = 80; Time = 30; Hidden = 64; Kernel = 3; Frames = 28; }

fn main() {
    let x = Tensor::ones((Batch, Time, Mels));
    let weight = Tensor::ones((Hidden, Mels, Kernel));
    let y = x.conv(&weight, None, Frames, Sliding::default());
}
