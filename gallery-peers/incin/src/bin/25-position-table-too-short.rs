use gallery_incin::*;

fn main() -> Result<()> {
    let table = wave::<s![Positions = 4, Embed = 2]>()?;
    table.try_narrow(axis!(0), 0, 6)?;
    Ok(())
}
