use congruent::Sliding;
use congruent::prelude::*;

dims! { Batch = 2; Channels = 3; Height = 8; Width = 6; Side = 2; Half = 4; Third = 3; }

fn main() {
    let x = Tensor::ones((Batch, Channels, Height, Width));
    let y = x.max_pool(Side, Half, Sliding::default().stride(N::<2>));
}
