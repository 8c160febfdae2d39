use congruent::nn::{KeyValueCache, attention};
use congruent::{Error, Lengths, Ragged, Tensor, dims};

dims! { Batch = 2; Heads = 1; HeadDim = 4; Positions = 16; Past = 3; New = 2; }

fn main() -> Result<(), Error> {
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    let past = Tensor::ones((Batch, Heads, Ragged(Past), HeadDim));
    cache.step_ragged(&Lengths::new(Batch, Ragged(Past), &[3, 1])?, |step| {
        step.append(0, &past, &past);
    })?;
    let new = Tensor::ones((Batch, Heads, Ragged(New), HeadDim));
    cache.step_ragged(&Lengths::new(Batch, Ragged(New), &[2, 1])?, |step| {
        let (keys, values) = step.append(0, &new, &new);
        attention(&new, &keys, &values, step.mask())
    })?;
    assert_eq!(cache.lengths(), [5, 2]);
    Ok(())
}
