use congruent::{Ragged, Tensor, dims};

dims! { Batch = 1; Seq = 3; Embed = 1; }

fn pool(states: &Tensor<(Batch, Ragged<Seq>, Embed)>) {
    let pooled = states.max(Ragged(Seq));
}

fn main() {}
