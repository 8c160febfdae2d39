use gallery_incin::*;

fn main() -> Result<()> {
    let heads = arange::<s![Batch = 1, Heads = 2, Seq = 2, HeadDim = 2]>()?;
    let right = heads.transpose(axis!(1), axis!(2))?.reshape(shape![Batch = 1, Seq = 2, Embed = 4])?;
    report(&heads.reshape(shape![Batch = 1, Seq = 2, Embed = 4])?, &right)
}
