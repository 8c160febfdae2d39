use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq)));
    let ids = Ids::new((Batch,), Ragged(Seq), &[0, 4]).unwrap();
    let chosen = x.gather(&ids);
}
