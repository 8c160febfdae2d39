use congruent::Sliding;
use congruent::prelude::*;

dims! { Batch = 2; In = 3; Out = 4; Seq = 9; Kernel = 3; Frames = 7; }

fn main() {
    let (x, weight) = (Tensor::ones((Batch, In, Ragged(Seq))), Tensor::ones((Out, In, Kernel)));
    let y = x.try_conv(&weight, None, Frames, Sliding::default());
}
