use congruent::{Ids, Ragged, Tensor, dims};

dims! { Batch = 1; Seq = 3; Vocab = 4; }

fn loss(logits: &Tensor<(Batch, Ragged<Seq>, Vocab)>, targets: &Ids<(Batch, Ragged<Seq>), Vocab>) {
    let losses = -logits.log_softmax(Vocab).gather(targets);
    let loss = losses.mean(Ragged(Seq)).mean(Batch);
}

fn main() {}
