use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Kept = 2; Vocab = 100; }

fn main() {
    let x = Tensor::ones((Batch, Seq));
    let ids = Ids::new((Batch, Kept), Vocab, &[0, 1, 2, 99]).unwrap();
    let kept = x.take_along(Seq, &ids);
}
