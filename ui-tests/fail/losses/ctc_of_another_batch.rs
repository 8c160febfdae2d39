//! The labels are those of another batch.
use congruent::nn::ctc_loss;
use congruent::prelude::*;

dims! { Batch = 2; Other = 2; Frames = 9; Labels = 3; Vocab = 5; }

fn loss(
    logits: Tensor<(Batch, Ragged<Frames>, Vocab)>,
    frames: Lengths<Batch, Ragged<Frames>>,
    targets: Ids<(Other, Ragged<Labels>), Vocab>,
    labels: Lengths<Other, Ragged<Labels>>,
    blank: Index<Vocab>,
) {
    ctc_loss(&logits.log_softmax(Vocab), &frames, &targets, &labels, blank);
}

fn main() {}
