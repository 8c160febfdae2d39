use congruent::prelude::*;

dims! { Batch = 2; Queries = 5; Keys = 7; }

fn main() {
    let scores = Tensor::ones((Batch, Queries, Keys));
    let own = scores.diagonal(Queries, Keys);
}
