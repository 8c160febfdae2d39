use congruent::{Tensor, dims};

dims! { Batch = 2; Negatives = 2; }

fn stable(similarities: &Tensor<(Batch, Negatives)>) {
    let stable = similarities - similarities.max(Negatives);
}

fn main() {}
