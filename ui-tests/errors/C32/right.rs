use congruent::{Tensor, dims};

dims! { Seq = 2; Embed = 3; }

fn main() {
    let x = Tensor::from_nested((Seq, Embed), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    assert_eq!(x.sum(Embed).to_vec(), [6.0, 15.0]);
}
