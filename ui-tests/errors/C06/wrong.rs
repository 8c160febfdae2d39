use congruent::{Lengths, Ragged, Tensor, dim::Dense, dims};

dims! { Batch = 2; Seq = 3; Embed = 8; }

fn spread<S: Dense>(x: &Tensor<(Batch, S, Embed)>) -> Tensor<(Batch, Embed)> {
    let seq = x.shape().1;
    x.max(seq) - x.min(seq)
}

fn main() {
    let _lengths = Lengths::new(Batch, Ragged(Seq), &[3, 1]).unwrap();
    let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    let _spread = spread(&x);
}
