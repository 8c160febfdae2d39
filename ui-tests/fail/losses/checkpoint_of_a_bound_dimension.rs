//! The block is calculated again when the scope of the dimension may be over.
use congruent::prelude::*;

dims! { Batch = 2; Seq; Embed = 4; }

fn main() {
    bind!(seq: Seq = 5);
    let x = Tensor::ones((Batch, seq, Embed)).tracked();
    let _y = congruent::checkpoint(&x, |x| x.square());
}
