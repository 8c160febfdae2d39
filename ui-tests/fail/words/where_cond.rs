use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 4; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let y = x.where_cond(&x.less_than(0.0), -1e9).softmax(Embed);
}
