use gallery_incin::*;

fn main() -> Result<()> {
    let q = wave::<s![Batch = 1, Heads = 1, Queries = 1, HeadDim = 2]>()?; // 3 past keys, and its own
    let k = wave::<s![Batch = 1, Heads = 1, Keys = 4, HeadDim = 2]>()?;
    let causal = from_fn::<s![Queries = 1, Keys = 4]>(|_| f32::NEG_INFINITY)?.triu(1)?;
    report(&attend!(q, k, k, causal), &attend!(q, k, k))
}
