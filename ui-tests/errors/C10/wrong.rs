use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Vocab = 4; }

fn main() {
    let logits = Tensor::zeros((Batch, Seq, Vocab));
    let mean = logits.mean(Seq);
    let _probabilities = mean.softmax(Seq);
}
