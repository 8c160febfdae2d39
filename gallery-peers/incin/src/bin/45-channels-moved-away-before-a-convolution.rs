use gallery_incin::*;

fn main() -> Result<()> {
    let convolve = Conv1d::<s![1, 2, 3, 1, 0, 1]>::build(())?; // from 2 channels to 1, of width 3
    let x = wave::<s![Batch = 1, 2, 4]>()?; // (batch, channels, time)
    convolve.forward(x.clone())?;
    convolve.forward(x.transpose(axis!(1), axis!(2))?)?;
    Ok(())
}
