use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Seq = 3; Embed = 8; }

fn main() {
    let lengths = Lengths::new(Batch, Ragged(Seq), &[3, 1]).unwrap();
    let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    let shares = x.fill_padding(&lengths, f32::NEG_INFINITY).softmax(Seq);
    assert_eq!(shares.sum(Seq).sizes(), [2, 8]);
    let largest = x.masked_max(&lengths);
    assert_eq!(largest.to_vec(), [1.0; 16]);
}
