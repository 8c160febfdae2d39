use congruent::{Ids, Tensor, dims};

dims! { Batch = 2; Seq = 3; Vocab = 100; }

fn main() {
    let logits = Tensor::zeros((Batch, Seq, Vocab));
    let targets = Ids::new((Batch,), Vocab, &[5, 6]).unwrap();
    let _losses = logits.log_softmax(Vocab).gather(&targets);
}
