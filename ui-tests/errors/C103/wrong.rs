use congruent::nn::next_token_loss;
use congruent::prelude::*;

dims! { Batch = 1; Seq = 3; Vocab = 4; }

fn main() {
    let tokens = Ids::new((Seq,), Vocab, &[0, 1, 2]).unwrap();
    let losses = next_token_loss(&Tensor::ones((Seq, Vocab)), &tokens);
}
