use gallery_incin::*;

fn main() -> Result<()> {
    let q = wave::<s![Batch = 1, Heads = 1, Queries = 2, HeadDim = 2]>()?; // the second chunk of a prompt: 3 past, 2 new
    let k = wave::<s![Batch = 1, Heads = 1, Keys = 5, HeadDim = 2]>()?;
    let mask = from_fn::<s![Queries = 2, Keys = 2]>(|_| f32::NEG_INFINITY)?.triu(1)?;
    let _ = attend!(q, k, k, mask);
    Ok(())
}
