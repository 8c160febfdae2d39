use congruent::nn::cross_entropy;
use congruent::prelude::*;

dims! { Batch = 1; Seq = 3; Vocab = 4; }

fn main() {
    let tokens = Ids::new((Batch, Seq), Vocab, &[0, 1, 2]).unwrap();
    let logits = Tensor::ones((Batch, Seq, Vocab));
    let losses = cross_entropy(&logits.next(Seq), &tokens.next(Seq));
    assert_eq!(losses.sizes(), [1, 2]);
}
