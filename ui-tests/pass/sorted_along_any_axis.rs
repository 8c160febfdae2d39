use congruent::prelude::*;
use congruent::Side;

dims! { Batch = 2; Seq = 3; Embed = 2; Top = 2; Bound = 2; Kinds; Found; }

fn largest<S: Shape, D: Dense, P>(x: &Tensor<S>, axis: D) -> Tensor<S>
where
    S: congruent::shape::Axis<D, P, Dim = D>,
{
    x.sort(axis, Order::Descending).0
}

fn main() -> Result<(), Error> {
    let x = Tensor::from_fn((Batch, Seq, Embed), |[b, s, e]| (b + 2 * s) as f32 - e as f32);
    let (values, ids): (Tensor<(Batch, Top, Embed)>, Ids<(Batch, Top, Embed), Seq>) = x.top_k(Seq, Top)?;
    assert_eq!(values.to_vec(), x.take_along(Seq, &ids).to_vec());
    assert_eq!(largest(&x, Seq).narrow(Seq, 0, Top)?.to_vec(), values.to_vec());
    assert_eq!(x.transpose(Seq, Embed).top_k(Seq, Top)?.0.transpose(Top, Embed).to_vec(), values.to_vec());

    let bounds = Tensor::from_nested((Bound,), [0.0, 2.0]);
    let buckets: Ids<(Batch, Seq, Embed), Plus<Bound, N<1>>> = bounds.search_sorted(&x, Side::Right);
    let expected: Vec<u32> = x.to_vec().iter().map(|x| (*x >= 0.0) as u32 + (*x >= 2.0) as u32).collect();
    assert_eq!(buckets.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), expected);

    let unique = ids.unique()?;
    bind!(kinds: Kinds = unique.count());
    let seen: Ids<(_,), Seq> = unique.values(kinds)?;
    assert_eq!(seen.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [1, 2]);
    bind!(other: Kinds = 7);
    assert_eq!(unique.values(other).unwrap_err().to_string(), "`Kinds` has 7 positions, and 2 elements were found");

    let found = x.at_least(3.0).nonzero()?;
    bind!(count: Found = found.count());
    let rows: Ids<(_,), Batch> = found.along(Batch, count)?;
    assert_eq!(rows.sizes(), [5]);
    Ok(())
}
