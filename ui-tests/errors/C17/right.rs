use congruent::{Tensor, dims};

dims! { Runs = 4; Models = 2; Layers = 6; Batch = 2; Heads = 3; Queries = 5; Keys = 7; }

fn main() {
    let weights = Tensor::ones((Models, Layers, Batch, Heads, Queries, Keys));
    let runs = weights.mean(Heads).expand(Runs);
    assert_eq!(runs.sizes(), [4, 2, 6, 2, 5, 7]);
}
