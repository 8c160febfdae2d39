use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Hidden = 16; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let w = Tensor::ones((Hidden, Embed));
    let y = x.matmul(&w);
}
