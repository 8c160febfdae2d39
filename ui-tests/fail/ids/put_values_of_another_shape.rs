use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Kept = 2; New = 3; }

fn main() {
    let x = Tensor::ones((Batch, Seq));
    let ids = Ids::new((Batch, Kept), Seq, &[0, 1, 2, 3]).unwrap();
    let x = x.put_along(Seq, &ids, &Tensor::zeros((Batch, New)));
}
