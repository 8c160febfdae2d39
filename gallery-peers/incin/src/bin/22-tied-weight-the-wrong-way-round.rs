use gallery_incin::*;

fn main() -> Result<()> {
    let (hidden, table) = (wave::<s![Batch = 2, Embed = 2]>()?, wave::<s![Vocab = 3, Embed = 2]>()?);
    hidden.matmul(&table)?;
    Ok(())
}
