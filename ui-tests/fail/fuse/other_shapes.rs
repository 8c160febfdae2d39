use congruent::fuse;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let x = Tensor::ones((Batch, Seq));
    let y = Tensor::ones((Seq, Batch));
    let z = fuse((&x, &y), |x, y| (x * y + x).relu() * 0.5 + 1.0);
}
