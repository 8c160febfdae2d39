use gallery_incin::*;

fn main() -> Result<()> {
    let x = wave::<s![Batch = 1, Seq = 2, Embed = 6]>()?;
    x.reshape(shape![Batch = 1, Seq = 2, Heads = 4, HeadDim = 1])?; // 6 / 4
    Ok(())
}
