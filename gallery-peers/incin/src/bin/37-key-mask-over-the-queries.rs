use gallery_incin::*;

fn main() -> Result<()> {
    let x = wave::<s![Batch = 1, Seq = 3, HeadDim = 2]>()?;
    let bias = tensor::<s![Batch = 1, Seq = 3]>(&[0.0, 0.0, -1e9])?; // the third key is padding
    let (wrong, right) = (bias.unsqueeze(axis!(2))?, bias.unsqueeze(axis!(1))?);
    report(&attend!(x, x, x, wrong), &attend!(x, x, x, right))
}
