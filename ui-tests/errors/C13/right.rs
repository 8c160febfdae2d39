use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 8; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let language = Tensor::ones((Batch, Embed));
    let y = &x + language.expand_as(&x, Seq);
    assert_eq!(y.to_vec(), [2.0; 80]);
}
