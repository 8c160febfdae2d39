use gallery_incin::*;

fn main() -> Result<()> {
    let x = wave::<s![Batch = 1, Seq = 3, Heads = 2, HeadDim = 2]>()?;
    let y = x.transpose(axis!(1), axis!(2))?;
    report(&attend!(x, x, x), &attend!(y, y, y).transpose(axis!(1), axis!(2))?)
}
