use congruent::{Tensor, dims};

dims! { Positions = 512; Seq = 128; Embed = 8; }

fn main() {
    let table = Tensor::ones((Positions, Embed));
    let x = Tensor::ones((Seq, Embed));
    let y = x + table.prefix(Positions, Seq);
    assert_eq!(y.sizes(), [128, 8]);
}
