use congruent::nn::RmsNorm;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq)));
    let y = RmsNorm::new(Ragged(Seq), 1e-5).forward(&x);
}
