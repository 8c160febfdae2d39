use congruent::prelude::*;

dims! { Batch = 2; Seq; Embed = 12; }

fn main() {
    bind!(seq: Ragged<Seq> = 5);
    let x = Tensor::ones((Batch, seq, Embed));
    let (mean, variance) = x.mean_variance(seq);
}
