//! Which tokens are the answer is said of all but the first.
use congruent::nn::log_likelihood;
use congruent::prelude::*;

dims! { Batch = 1; Seq = 3; Vocab = 4; }

fn main() {
    let tokens = Ids::new((Batch, Seq), Vocab, &[0, 1, 2]).unwrap();
    let is_answer = Cpu::from_vec((Batch, Seq), vec![false, true, true]).unwrap();
    log_likelihood(&Tensor::ones((Batch, Seq, Vocab)), &tokens, &is_answer);
}
