use gallery_incin::*;

fn main() -> Result<()> {
    let x = arange::<s![Batch = 2, Seq = 2, Embed = 3]>()?;
    let prototypes = Tensor::<s![Batch = 2, Embed = 3]>::zeros(())?;
    let right = x.get(i![.., 0, ..])?.broadcast_sub(&prototypes.clone().into_dyn())?;
    report(&x.get(i![0, .., ..])?.broadcast_sub(&prototypes.into_dyn())?, &right)
}
