use congruent::generate::{Sampler, Sampling};
use congruent::prelude::*;

dims! { Batch = 1; Seq = 3; Vocab = 4; }

fn main() {
    let mut sampler = Sampler::new(Sampling::default(), 1).unwrap();
    let logits = Tensor::zeros((Batch, Seq, Vocab));
    let id = sampler.sample(&logits.at(Batch, 0).unwrap().at(Seq, Seq.size() - 1).unwrap(), &[]).unwrap();
}
