use congruent::Sliding;
use congruent::prelude::*;

dims! { Batch = 2; Mels = 80; Time = 30; Hidden = 64; Kernel = 3; Frames = 14; }

fn main() {
    let x = Tensor::ones((Batch, Mels, Time));
    let weight = Tensor::ones((Hidden, Mels, Kernel));
    let y = x.try_conv(&weight, None, Frames, Sliding::default().stride((N::<2>, N::<1>)));
}
