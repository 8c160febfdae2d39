use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Vocab = 100; Embed = 12; }

fn main() {
    let ids = Ids::new((Batch, Seq), Vocab, &[1; 10]).unwrap();
    let gradient = Tensor::ones((Batch, Seq, Embed));
    let table = Tensor::zeros((Vocab, Embed)).scatter_add(&ids, &gradient);
    assert_eq!(table.at(Vocab, 1).unwrap().to_vec(), [10.0; 12]);
}
