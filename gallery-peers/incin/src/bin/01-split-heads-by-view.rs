use gallery_incin::*;

fn main() -> Result<()> {
    let x = arange::<s![Batch = 1, Seq = 2, Embed = 4]>()?; // to be 2 heads of 2
    let split = x.reshape(shape![Batch = 1, Heads = 2, Seq = 2, HeadDim = 2])?;
    let right = x.reshape(shape![Batch = 1, Seq = 2, Heads = 2, HeadDim = 2])?.transpose(axis!(1), axis!(2))?;
    report(&split, &right)
}
