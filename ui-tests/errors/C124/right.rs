use congruent::nn::{GroupedQueryAttention, KeyValueCache, Rotary, RotaryLayout};
use congruent::{Error, Rng, Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 24; Heads = 3; HeadDim = 8; Positions = 64; }

fn main() -> Result<(), Error> {
    let layer = GroupedQueryAttention::random(Embed, Heads, Heads, HeadDim, &mut Rng::with_seed(1));
    let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    let x = Tensor::ones((Batch, Seq, Embed));
    cache.step(Seq, |step| layer.forward_cached(&x, &rotary, 0, step))?;
    Ok(())
}
