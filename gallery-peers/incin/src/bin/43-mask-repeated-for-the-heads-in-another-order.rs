use gallery_incin::*;

type Repeated = s![2, 2, Queries = 2, Keys = 2];

fn main() -> Result<()> {
    // Batch and heads are one axis: 2 sequences of 2 heads.
    let q = wave::<s![4, Queries = 2, HeadDim = 2]>()?;
    let k = wave::<s![4, Keys = 2, HeadDim = 2]>()?;
    // The second sequence has one token.
    let bias = from_fn::<s![2, Queries = 2, Keys = 2]>(|i| match i as usize {
        5 | 7 => f32::NEG_INFINITY,
        _ => 0.0,
    })?;
    let folded = || shape![4, Queries = 2, Keys = 2];
    let wrong = bias.unsqueeze(axis!(0))?.broadcast_to::<Repeated>(Default::default())?.reshape(folded())?;
    let right = bias.unsqueeze(axis!(1))?.broadcast_to::<Repeated>(Default::default())?.reshape(folded())?;
    report(&attend!(q, k, k, wrong), &attend!(q, k, k, right))
}
