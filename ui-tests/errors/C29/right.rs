use congruent::{Ids, Tensor, dims};

dims! { Batch = 2; Seq = 3; Vocab = 100; Embed = 8; }

fn main() {
    let table = Tensor::ones((Vocab, Embed));
    let ids = Ids::new((Batch, Seq), Vocab, &[5, 6, 7, 8, 9, 99]).unwrap();
    let x = table.lookup(&ids);
    assert_eq!(x.sizes(), [2, 3, 8]);
}
