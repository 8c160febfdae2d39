use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Vocab = 100; Embed = 12; }

fn main() {
    let ids = Ids::new((Batch, Ragged(Seq)), Vocab, &[1; 10]).unwrap();
    let rows = Tensor::ones((Batch, Ragged(Seq), Embed));
    let table = Tensor::zeros((Vocab, Embed)).scatter_add(&ids, &rows);
}
