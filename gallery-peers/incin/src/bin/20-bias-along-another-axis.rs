use gallery_incin::*;

fn main() -> Result<()> {
    let scores = Tensor::<s![Queries = 3, Keys = 3]>::zeros(())?;
    let bias = arange::<s![Queries = 3]>()?; // one number for each query
    let right = scores.broadcast_add(&bias.unsqueeze(axis!(1))?)?;
    report(&scores.broadcast_add(&bias)?, &right)
}
