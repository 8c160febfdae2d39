use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 4; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let y = &x - x.mean(Seq).unsqueeze(1);
}
