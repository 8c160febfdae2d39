use gallery_incin::*;

fn main() -> Result<()> {
    let table = Embedding::<s![Vocab = 5, Embed = 2]>::build(())?;
    table.forward(ids::<s![Seq = 2]>(&[1, 7])?)?;
    Ok(())
}
