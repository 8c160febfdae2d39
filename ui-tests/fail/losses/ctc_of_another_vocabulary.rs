//! The labels are phonemes, and the classes are characters.
use congruent::nn::ctc_loss;
use congruent::prelude::*;

dims! { Batch = 2; Frames = 9; Labels = 3; Vocab = 5; Phonemes = 5; }

fn loss(
    logits: Tensor<(Batch, Ragged<Frames>, Vocab)>,
    frames: Lengths<Batch, Ragged<Frames>>,
    targets: Ids<(Batch, Ragged<Labels>), Phonemes>,
    labels: Lengths<Batch, Ragged<Labels>>,
    blank: Index<Vocab>,
) {
    ctc_loss(&logits.log_softmax(Vocab), &frames, &targets, &labels, blank);
}

fn main() {}
