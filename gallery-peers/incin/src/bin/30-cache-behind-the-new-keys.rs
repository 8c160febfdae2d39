use gallery_incin::*;

fn main() -> Result<()> {
    let past = wave::<s![Batch = 1, 3, HeadDim = 2]>()?; // what is joined has no name
    let new = from_fn::<s![Batch = 1, 2, HeadDim = 2]>(|i| 2.0 * (i + 1.0).sin())?;
    let q = wave::<s![Batch = 1, Queries = 2, HeadDim = 2]>()?;
    // Queries are the last 2 of 5 keys.
    let bias = from_fn::<s![Queries = 2, 5]>(|_| f32::NEG_INFINITY)?.triu(4)?;
    let (wrong, right) = (new.concat(&past, axis!(1))?, past.concat(&new, axis!(1))?);
    report(&attend!(q, wrong, wrong, bias), &attend!(q, right, right, bias))
}
