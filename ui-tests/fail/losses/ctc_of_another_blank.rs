//! The blank is one of the phonemes, and the classes are characters.
use congruent::nn::ctc_loss;
use congruent::prelude::*;

dims! { Batch = 2; Frames = 9; Labels = 3; Vocab = 5; Phonemes = 5; }

fn loss(
    logits: Tensor<(Batch, Ragged<Frames>, Vocab)>,
    frames: Lengths<Batch, Ragged<Frames>>,
    targets: Ids<(Batch, Ragged<Labels>), Vocab>,
    labels: Lengths<Batch, Ragged<Labels>>,
    blank: Index<Phonemes>,
) {
    ctc_loss(&logits.log_softmax(Vocab), &frames, &targets, &labels, blank);
}

fn main() {}
