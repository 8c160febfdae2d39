use congruent::{Tensor, dims};

dims! { Runs = 4; Models = 2; Layers = 6; Batch = 2; Heads = 3; Queries = 5; Keys = 7; }

fn main() {
    let weights = Tensor::ones((Models, Layers, Batch, Heads, Queries, Keys));
    let _runs = weights.expand(Runs);
}
