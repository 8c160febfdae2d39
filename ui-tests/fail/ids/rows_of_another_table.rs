use congruent::prelude::*;

dims! { Batch = 2; Vocab = 100; Positions = 512; Embed = 12; }

fn main() {
    let ids = Ids::new((Batch,), Positions, &[500, 1]).unwrap();
    let rows = Tensor::ones((Batch, Embed));
    let table = Tensor::zeros((Vocab, Embed)).scatter_add(&ids, &rows);
}
