//! The prompts of one batch go into the cache of another.
use congruent::nn::KeyValueCache;
use congruent::prelude::*;

dims! { Batch = 2; Other = 2; Seq = 3; Heads = 2; HeadDim = 2; Positions = 16; }

fn step(cache: &mut KeyValueCache<Batch, Heads, HeadDim, Positions>, lengths: &Lengths<Other, Ragged<Seq>>) {
    cache.step_ragged(lengths, |step| step.positions().to_vec()).unwrap();
}

fn main() {}
