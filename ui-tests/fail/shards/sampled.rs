use congruent::dim::Shard;
use congruent::generate::Sampler;
use congruent::prelude::*;

dims! { Model = 2; Vocab = 8; }

fn wrong(logits: Tensor<(Shard<Vocab, Model>,)>, mut sampler: Sampler) {
    let token = sampler.sample(&logits, &[]);
}

fn main() {}
