use gallery_incin::*;

fn main() -> Result<()> {
    let x = wave::<s![Batch = 1, Seq = 2, Heads = 2, Half = 2]>()?; // the first half of the heads
    let angle = |i: f32| (i / 2.0).floor() * if i % 2.0 == 0.0 { 1.0 } else { 0.1 };
    let cos = from_fn::<s![Seq = 2, Half = 2]>(|i| angle(i).cos())?;
    let right = x.broadcast_mul(&cos.unsqueeze(axis!(1))?)?;
    report(&x.broadcast_mul(&cos)?, &right)
}
