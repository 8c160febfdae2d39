use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 8; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let _centered = &x - x.mean(Seq).expand_as(&x, Embed);
}
