//! What was drawn before is of another vocabulary than the logits.
use congruent::generate::{Sampler, Sampling};
use congruent::prelude::*;

dims! { Vocab = 100; Characters = 64; }

fn main() {
    let mut sampler = Sampler::new(Sampling::default(), 1).unwrap();
    let before = vec![Index::new(Characters, 3).unwrap()];
    sampler.sample(&Tensor::ones((Vocab,)), &before);
}
