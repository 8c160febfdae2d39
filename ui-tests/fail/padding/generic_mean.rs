use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn pool<B: Dim, S: Dim, E: Dim>(x: &Tensor<(B, S, E)>) -> Tensor<(B, E)> {
    x.mean(x.shape().1)
}

fn main() {
    pool(&Tensor::ones((Batch, Seq, Embed)));
}
