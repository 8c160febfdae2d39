use congruent::dim::Candidates;
use congruent::nn::similarities;
use congruent::prelude::*;

dims! { Batch = 2; Embed = 2; }

fn main() {
    let x = Tensor::from_nested((Batch, Embed), [[1.0, 0.0], [0.0, 9.0]]);
    let similarities = similarities(&x, &x);
    let stable = &similarities - similarities.max(Candidates(Batch));
}
