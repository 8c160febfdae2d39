use congruent::Sliding;
use congruent::prelude::*;

dims! { Batch = 2; In = 3; Out = 4; Frames = 5; Kernel = 2; Time = 10; }

fn main() {
    let (x, weight) = (Tensor::ones((Batch, In, Frames)), Tensor::ones((Out, In, Kernel)));
    let y = x.conv_transpose(&weight, None, Time, Sliding::default().stride(N::<2>));
}
