use congruent::{Ragged, Tensor, dims};

dims! { Batch = 1; Seq = 4; Embed = 1; }

fn pool(x: &Tensor<(Batch, Ragged<Seq>, Embed)>) {
    let mean = x.mean(Ragged(Seq));
}

fn main() {}
