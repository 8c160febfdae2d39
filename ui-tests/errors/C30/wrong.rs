use congruent::{Tensor, dims};

dims! { Positions = 512; Seq = 1024; Embed = 8; }

fn main() {
    let table = Tensor::ones((Positions, Embed));
    let x = Tensor::ones((Seq, Embed));
    let _y = x + table.prefix(Positions, Seq);
}
