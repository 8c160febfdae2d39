use gallery_incin::*;

fn main() -> Result<()> {
    let q = wave::<s![Batch = 1, Heads = 2, Seq = 5, HeadDim = 4]>()?;
    let k = wave::<s![Batch = 1, Heads = 2, Seq = 5, HeadDim = 4]>()?;
    q.matmul(&k)?;
    Ok(())
}
