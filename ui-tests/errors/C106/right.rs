use congruent::Sliding;
use congruent::prelude::*;

dims! { Batch = 2; Mels = 80; Time = 30; Hidden = 64; Kernel = 3; Frames = 28; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Time), Mels));
    let lengths = Lengths::new(Batch, Ragged(Time), &[30, 12]).unwrap();
    let weight = Tensor::ones((Hidden, Mels, Kernel));
    let x = x.fill_padding(&lengths, 0.0).permute((Batch, Mels, Time));
    let y = x.conv(&weight, None, Frames, Sliding::default());
}
