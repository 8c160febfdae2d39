use gallery_incin::*;

fn main() -> Result<()> {
    let (x, table) =
        (Tensor::<s![Batch = 1, Seq = 3, Embed = 2]>::zeros(())?, arange::<s![Positions = 16, Embed = 2]>()?);
    let length = x.dims().as_ref()[1];
    let position = table.clone().try_narrow(axis!(0), length, 1)?;
    report(&x.broadcast_add(&position)?, &x.broadcast_add(&table.try_narrow(axis!(0), 0, length)?)?)
}
