use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 8; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let sequence_first = x.permute((Seq, Batch, Embed));
    assert_eq!(sequence_first.sizes(), [5, 2, 8]);
}
