use congruent::{Ids, Tensor, dims};

dims! { Batch = 2; Seq = 3; Vocab = 100; }

fn main() {
    let logits = Tensor::zeros((Batch, Seq, Vocab));
    let targets = Ids::new((Batch, Seq), Vocab, &[5, 6, 7, 8, 9, 99]).unwrap();
    let losses = logits.log_softmax(Vocab).gather(&targets);
    assert_eq!(losses.sizes(), [2, 3]);
}
