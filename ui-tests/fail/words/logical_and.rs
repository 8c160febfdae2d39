use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let y = x.greater_than(0.0).logical_and(&x.less_than(2.0));
}
