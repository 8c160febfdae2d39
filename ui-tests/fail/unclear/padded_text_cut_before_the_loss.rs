use congruent::nn::next_token_log_probabilities;
use congruent::{Ids, Ragged, Tensor, dims};

dims! { Batch = 2; Seq = 4; Vocab = 4; }

fn score(logits: &Tensor<(Batch, Ragged<Seq>, Vocab)>, tokens: &Ids<(Batch, Ragged<Seq>), Vocab>) {
    let (logits, tokens) = (logits.without_last(Ragged(Seq)), tokens.next(Ragged(Seq)));
    let scores = next_token_log_probabilities(&logits, &tokens);
}

fn main() {}
