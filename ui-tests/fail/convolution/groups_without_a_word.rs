use congruent::Sliding;
use congruent::prelude::*;

dims! { Batch = 2; Groups = 2; In = 3; Out = 4; Time = 9; Kernel = 3; Frames = 7; }

fn main() {
    let x = Tensor::ones((Batch, Times(Groups, In), Time));
    let weight = Tensor::ones((Times(Groups, Out), In, Kernel));
    let y = x.conv(&weight, None, Frames, Sliding::default());
}
