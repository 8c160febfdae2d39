use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 4; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let y = x.bmm(&x).softmax(Seq);
}
