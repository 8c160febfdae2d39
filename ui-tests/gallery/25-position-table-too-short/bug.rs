use congruent::{Tensor, dims};

dims! { Positions = 4; Seq = 6; Embed = 2; }

fn embed(x: &Tensor<(Seq, Embed)>, table: &Tensor<(Positions, Embed)>) {
    let y = x + table.prefix(Positions, Seq);
}

fn main() {}
