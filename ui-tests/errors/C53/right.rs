use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Seq = 3; Embed = 8; }

fn main() {
    let lengths = Lengths::new(Batch, Ragged(Seq), &[3, 1]).unwrap();
    let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    let last = x.masked_last(&lengths);
    assert_eq!(last.to_vec(), [1.0; 16]);
    let first = x.fill_padding(&lengths, 0.0).at(Seq, 0).unwrap();
    assert_eq!(first.sizes(), [2, 8]);
}
