use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Embed, Ragged(Seq)));
    let y = Tensor::ones((Batch, Ragged(Seq), Embed));
    let z = x.matmul(&y);
}
