use gallery_incin::*;

fn main() -> Result<()> {
    let x = wave::<s![Batch = 1, Seq = 2, Embed = 4]>()?;
    let weight = wave::<s![Out = 12, Embed = 4]>()?; // its rows are (heads, 3, head_dim)
    let fused = x.matmul(&weight.transpose(axis!(0), axis!(1))?)?;
    let query = fused.reshape(shape![Batch = 1, Seq = 2, 3, Heads = 2, HeadDim = 2])?; // as (3, heads, head_dim)
    let right = fused.reshape(shape![Batch = 1, Seq = 2, Heads = 2, 3, HeadDim = 2])?;
    report(&query.get(i![.., .., 0, .., ..])?, &right.get(i![.., .., .., 0, ..])?)
}
