use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Vocab = 100; }

fn main() {
    let ids = Ids::new((Batch, Ragged(Seq)), Vocab, &[1; 10]).unwrap();
    let values = Tensor::ones((Batch, Ragged(Seq)));
    let seen = Tensor::zeros((Batch, Vocab)).put_along(Vocab, &ids, &values);
}
