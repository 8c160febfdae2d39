use gallery_incin::*;

fn main() -> Result<()> {
    let x = wave::<s![Batch = 2, Embed = 6]>()?;
    Linear::<s![Embed = 8, Out = 8]>::build(())?.forward(x)?;
    Ok(())
}
