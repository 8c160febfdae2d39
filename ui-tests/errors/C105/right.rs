use congruent::nn::ctc_loss;
use congruent::prelude::*;

dims! { Batch = 2; Frames = 3; Labels = 2; Vocab = 3; }

fn main() {
    let logits = Tensor::zeros((Batch, Ragged(Frames), Vocab));
    let frames = Lengths::new(Batch, Ragged(Frames), &[3, 1]).unwrap();
    let targets = Ids::new((Batch, Ragged(Labels)), Vocab, &[1, 2, 2, 0]).unwrap();
    let labels = Lengths::new(Batch, Ragged(Labels), &[2, 1]).unwrap();
    let blank = Index::new(Vocab, 0).unwrap();
    let losses = ctc_loss(&logits.log_softmax(Vocab), &frames, &targets, &labels, blank);
}
