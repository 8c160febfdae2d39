use gallery_incin::*;

fn main() -> Result<()> {
    let q = wave::<s![Batch = 2, Heads = 2, Queries = 2, HeadDim = 2]>()?;
    let k = wave::<s![Batch = 2, Heads = 2, Keys = 2, HeadDim = 2]>()?;
    // The second sequence has one token.
    let bias = from_fn::<s![Batch = 2, Queries = 2, Keys = 2]>(|i| match i as usize {
        5 | 7 => f32::NEG_INFINITY,
        _ => 0.0,
    })?;
    let right = bias.unsqueeze(axis!(1))?;
    report(&attend!(q, k, k, bias), &attend!(q, k, k, right))
}
