use gallery_incin::*;

fn main() -> Result<()> {
    let x = wave::<s![Batch = 1, Heads = 1, Seq = 2, HeadDim = 5]>()?;
    x.reshape(shape![Batch = 1, Heads = 1, Seq = 2, 2, Half = 2])?; // in halves
    Ok(())
}
