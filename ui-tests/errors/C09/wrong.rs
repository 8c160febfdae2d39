use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 8; }

fn main() {
    let _x = Tensor::ones((Batch, Seq, Embed));
    let _bias = Tensor::ones(Embed);
}
