use congruent::Sliding;
use congruent::prelude::*;

dims! { Batch = 2; In = 3; Out = 4; Time; Kernel = 3; Frames = 7; }

fn main() {
    bind!(time: Time = 9);
    let (x, weight) = (Tensor::ones((Batch, In, time)), Tensor::ones((Out, In, Kernel)));
    let y = x.conv(&weight, None, Frames, Sliding::default());
}
