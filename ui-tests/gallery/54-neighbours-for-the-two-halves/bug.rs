use congruent::dim::numbers::U2;
use congruent::{Error, Plus, Tensor, dims};

dims! { Batch = 4; Embed = 1; }

fn of_sample(doubled: &Tensor<(Plus<Batch, Batch>, Embed)>, sample: usize) -> Result<(), Error> {
    let pair = doubled.narrow(Plus(Batch, Batch), 2 * sample, U2)?;
    Ok(())
}

fn main() {}
