use gallery_incin::*;

fn main() -> Result<()> {
    let x = wave::<s![Batch = 1, Heads = 1, Seq = 2, HeadDim = 2]>()?;
    let bias = tensor::<s![Seq = 2, Seq = 2]>(&[f32::NEG_INFINITY, f32::NEG_INFINITY, 0.0, 0.0])?;
    report(&attend!(x, x, x, bias).get(i![0, 0, 0, ..])?, &tensor::<s![2]>(&[0.0, 0.0])?)
}
