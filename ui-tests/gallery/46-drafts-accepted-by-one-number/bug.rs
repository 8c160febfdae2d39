use congruent::nn::KeyValueCache;
use congruent::{Error, dims};

dims! { Batch = 2; Heads = 1; HeadDim = 2; Positions = 8; }

type Cache = KeyValueCache<Batch, Heads, HeadDim, Positions>;

fn accept(cache: &mut Cache, prompt: usize, accepted: [usize; 2]) -> Result<(), Error> {
    cache.truncate(prompt + accepted.iter().max().unwrap())
}

fn main() {}
