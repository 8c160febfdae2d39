use gallery_incin::*;

fn main() -> Result<()> {
    let q = wave::<s![Batch = 1, Heads = 1, Queries = 2, HeadDim = 2]>()?; // a chunk of 2, behind 2 of the cache
    let k = wave::<s![Batch = 1, Heads = 1, Keys = 4, HeadDim = 2]>()?;
    let bias = tensor::<s![Keys = 2]>(&[0.0, f32::NEG_INFINITY])?; // of the chunk, the first is live
    let _ = attend!(q, k, k, bias);
    Ok(())
}
