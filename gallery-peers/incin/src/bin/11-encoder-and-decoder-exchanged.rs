use gallery_incin::*;

fn main() -> Result<()> {
    let decoder = wave::<s![Batch = 1, Queries = 3, Embed = 2]>()?;
    let encoder = from_fn::<s![Batch = 1, Keys = 3, Embed = 2]>(|i| 2.0 * (i + 1.0).sin())?;
    let right = decoder.broadcast_add(&attend!(decoder, encoder, encoder))?;
    report(&decoder.broadcast_add(&attend!(encoder, decoder, decoder))?, &right)
}
