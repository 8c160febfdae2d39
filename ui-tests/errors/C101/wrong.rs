use congruent::{Sliding, Tensor, Times, dims};

dims! { Batch = 2; Channels = 2; In = 3; Out = 4; Time = 9; Kernel = 3; Frames = 7; }

fn main() {
    let x = Tensor::ones((Batch, Times(Channels, In), Time));
    let weight = Tensor::ones((Times(Channels, Out), In, Kernel));
    let y = x.conv(&weight, None, Frames, Sliding::default());
}
