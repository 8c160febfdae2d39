use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 8; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let centered = &x - x.mean(Seq).expand_as(&x, Seq);
    assert_eq!(centered.to_vec(), [0.0; 2 * 5 * 8]);
}
