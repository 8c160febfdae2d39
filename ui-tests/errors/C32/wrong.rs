use congruent::{Tensor, dims};

dims! { Seq = 2; Embed = 3; }

fn main() {
    let _x = Tensor::from_nested((Seq, Embed), [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
}
