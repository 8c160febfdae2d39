use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Vocab = 4; }

fn main() {
    let logits = Tensor::zeros((Batch, Seq, Vocab));
    let mean = logits.mean(Seq);
    let probabilities = mean.softmax(Vocab);
    assert_eq!(probabilities.to_vec(), [0.25; 8]);
}
