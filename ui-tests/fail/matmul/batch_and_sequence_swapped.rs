use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Hidden = 16; }

fn main() {
    let x = Tensor::ones((Seq, Batch, Embed));
    let y = Tensor::ones((Batch, Embed, Hidden));
    let z = x.matmul(&y);
}
