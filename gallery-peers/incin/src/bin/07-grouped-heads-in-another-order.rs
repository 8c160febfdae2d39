use gallery_incin::*;

type Grouped = s![Batch = 1, 2, 2, Keys = 3, HeadDim = 2];

fn main() -> Result<()> {
    let q = wave::<s![Batch = 1, Heads = 4, Queries = 2, HeadDim = 2]>()?; // 4 query heads share 2 key heads: 0 0 1 1
    let k = wave::<s![Batch = 1, 2, Keys = 3, HeadDim = 2]>()?;
    let heads = || shape![Batch = 1, Heads = 4, Keys = 3, HeadDim = 2];
    let right = k.unsqueeze(axis!(2))?.broadcast_to::<Grouped>(Default::default())?.reshape(heads())?;
    let wrong = k.unsqueeze(axis!(1))?.broadcast_to::<Grouped>(Default::default())?.reshape(heads())?;
    report(&attend!(q, wrong, wrong), &attend!(q, right, right))
}
