use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 2; Vocab = 3; }

fn logits(hidden: &Tensor<(Batch, Embed)>, table: &Tensor<(Vocab, Embed)>) {
    let logits = hidden.matmul(table);
}

fn main() {}
