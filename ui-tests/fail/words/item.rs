use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 4; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let y: f32 = x.sum(Embed).sum(Seq).sum(Batch).item();
}
