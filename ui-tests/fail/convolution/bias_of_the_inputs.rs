use congruent::Sliding;
use congruent::prelude::*;

dims! { Batch = 2; In = 3; Out = 4; Time = 9; Kernel = 3; Frames = 7; }

fn main() {
    let x = Tensor::ones((Batch, In, Time));
    let (weight, bias) = (Tensor::ones((Out, In, Kernel)), Tensor::ones((In,)));
    let bias = Some(&bias);
    let y = x.conv(&weight, bias, Frames, Sliding::default());
}
