use gallery_incin::*;

fn main() -> Result<()> {
    let q = wave::<s![Batch = 1, Queries = 3, HeadDim = 2]>()?;
    let k = wave::<s![Batch = 1, Keys = 5, HeadDim = 2]>()?;
    let v = wave::<s![Batch = 1, Values = 4, HeadDim = 2]>()?;
    let _ = attend!(q, k, v);
    Ok(())
}
