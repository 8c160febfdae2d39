use gallery_incin::*;

/// Self-attention, of batches that come first.
fn layer(x: &T<s![Batch = 3, Seq = 3, Embed = 2]>) -> Result<T<s![Batch = 3, Seq = 3, Embed = 2]>> {
    Ok(attend!(x, x, x))
}

fn main() -> Result<()> {
    let x = wave::<s![Seq = 3, Batch = 3, Embed = 2]>()?;
    let right = layer(&x.transpose(axis!(0), axis!(1))?)?.transpose(axis!(0), axis!(1))?;
    report(&layer(&x)?, &right)
}
