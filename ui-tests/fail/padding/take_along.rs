use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Kept = 2; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq)));
    let ids = Ids::new((Batch, Kept), Ragged(Seq), &[0, 1, 2, 3]).unwrap();
    let kept = x.take_along(Ragged(Seq), &ids);
}
