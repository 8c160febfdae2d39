use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; }

fn main() {
    let losses = Tensor::zeros((Batch, Seq));
    let loss = losses.sum(Seq).sum(Batch);
    let _again = loss.sum(Batch);
}
