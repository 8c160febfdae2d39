use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let x = Tensor::ones((Batch, Seq));
    let y = Tensor::ones((Seq, Batch));
    let z = x.less(&y);
}
