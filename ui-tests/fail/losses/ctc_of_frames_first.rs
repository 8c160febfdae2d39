//! PyTorch has the frames before the batch.
use congruent::nn::ctc_loss;
use congruent::prelude::*;

dims! { Batch = 2; Frames = 9; Labels = 3; Vocab = 5; }

fn loss(
    logits: Tensor<(Ragged<Frames>, Batch, Vocab)>,
    frames: Lengths<Batch, Ragged<Frames>>,
    targets: Ids<(Batch, Ragged<Labels>), Vocab>,
    labels: Lengths<Batch, Ragged<Labels>>,
    blank: Index<Vocab>,
) {
    ctc_loss(&logits.log_softmax(Vocab), &frames, &targets, &labels, blank);
}

fn main() {}
