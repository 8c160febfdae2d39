use gallery_incin::*;

fn main() -> Result<()> {
    let patches = Tensor::<s![Batch = 1, 3, Embed = 2]>::zeros(())?; // what is joined has no name
    let token = Tensor::<s![Batch = 1, 1, Embed = 2]>::zeros(())?;
    let positions = from_fn::<s![Positions = 16, Embed = 2]>(|i| i + 1.0)?;
    let placed = patches.broadcast_add(&positions.clone().try_narrow(axis!(0), 0, 3)?)?;
    let right = token.concat(&patches, axis!(1))?.broadcast_add(&positions.try_narrow(axis!(0), 0, 4)?)?;
    report(&token.concat(&placed, axis!(1))?, &right)
}
