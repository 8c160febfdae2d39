use gallery_incin::*;

type Halves = s![Seq = 1, 2]; // what is joined has no name

fn rotate(first: &T<Halves>, second: &T<Halves>, angle: &[f32]) -> Result<T<Dyn>> {
    let cos = tensor::<Halves>(&[angle[0].cos(), angle[1].cos()])?;
    let sin = tensor::<Halves>(&[angle[0].sin(), angle[1].sin()])?;
    let left = first.broadcast_mul(&cos)?.broadcast_sub(&second.broadcast_mul(&sin)?)?;
    let right = second.broadcast_mul(&cos)?.broadcast_add(&first.broadcast_mul(&sin)?)?;
    Ok(left.concat(&right, axis!(1))?.into_dyn())
}

fn main() -> Result<()> {
    // The query at position 3, in halves.
    let (first, second) = (wave()?, from_fn(|i| (i + 3.0).sin())?);
    let angles = |position: usize| -> Result<_> {
        let table =
            from_fn::<s![Positions = 8, Half = 2]>(|i| (i / 2.0).floor() * if i % 2.0 == 0.0 { 1.0 } else { 0.1 })?;
        table.try_narrow(axis!(0), position, 1)?.to_vec1::<f32>()
    };
    report(&rotate(&first, &second, &angles(0)?)?, &rotate(&first, &second, &angles(3)?)?)
}
