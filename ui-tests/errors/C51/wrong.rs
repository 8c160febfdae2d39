use congruent::{Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Seq = 3; Embed = 8; }

fn main() {
    let _lengths = Lengths::new(Batch, Ragged(Seq), &[3, 1]).unwrap();
    let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    let _texts = x.mean(Ragged(Seq));
}
