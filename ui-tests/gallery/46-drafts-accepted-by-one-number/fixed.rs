#[path = "../common.rs"]
mod common;

use common::wave;
use congruent::dims;
use congruent::nn::KeyValueCache;

dims! { Batch = 2; Heads = 1; Drafted = 4; Positions = 8; HeadDim = 2; }

fn main() {
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    // Of each sequence two tokens, and two drafted ones.
    let keys = wave((Batch, Heads, Drafted, HeadDim));
    cache.step(Drafted, |step| drop(step.append(0, &keys, &keys))).unwrap();
    cache.truncate([2, 0].map(|accepted| 2 + accepted)).unwrap();
    assert_eq!(cache.lengths(), [4, 2]);
}
