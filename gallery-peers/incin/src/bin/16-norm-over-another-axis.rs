use gallery_incin::*;

fn main() -> Result<()> {
    let x = wave::<s![Batch = 1, Embed = 4, Positions = 4]>()?; // the norm is for the channels
    let norm = LayerNorm::<s![Embed = 4]>::build(1e-5)?;
    let right = norm.forward(x.transpose(axis!(1), axis!(2))?)?.transpose(axis!(1), axis!(2))?;
    report(&norm.forward(x)?, &right)
}
