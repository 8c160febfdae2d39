use gallery_incin::*;

fn main() -> Result<()> {
    // Of each sequence 2 tokens, and 2 drafted ones.
    let q = wave::<s![Batch = 2, Queries = 1, HeadDim = 2]>()?;
    let keys = wave::<s![Batch = 2, Keys = 4, HeadDim = 2]>()?;
    let accepted = [2, 0];
    let cache = keys.try_narrow(axis!(1), 0, 2 + accepted.iter().max().unwrap())?;
    let got = attend!(q, cache, cache).get(i![1..2, .., ..])?;
    // The second sequence alone, and its tokens.
    let q = from_fn::<s![Batch = 1, Queries = 1, HeadDim = 2]>(|i| (i + 3.0).sin())?;
    let keys = from_fn::<s![Batch = 1, Keys = 2, HeadDim = 2]>(|i| (i + 9.0).sin())?;
    report(&got, &attend!(q, keys, keys))
}
