use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 8; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let bias = Tensor::ones((Embed,));
    assert_eq!((x + bias).to_vec(), [2.0; 2 * 5 * 8]);
}
