use gallery_incin::*;

fn main() -> Result<()> {
    let (a, b) = (Tensor::<s![Seq = 4]>::ones(())?, tensor::<s![Seq = 1]>(&[6.0])?); // losses of 4 tokens, and of 1
    let got = a.mean_all()?.add_exact(&b.mean_all()?)?.mul_scalar(0.5)?;
    report(&got, &tensor::<s![Seq = 5]>(&[1.0, 1.0, 1.0, 1.0, 6.0])?.mean_all()?)
}
