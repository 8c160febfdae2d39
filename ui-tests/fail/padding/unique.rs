use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Vocab = 100; }

fn main() {
    let ids = Ids::new((Batch, Ragged(Seq)), Vocab, &[1; 10]).unwrap();
    let kinds = ids.unique().unwrap();
}
