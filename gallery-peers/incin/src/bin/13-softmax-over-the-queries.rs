use gallery_incin::*;

fn main() -> Result<()> {
    let (scores, v) = (wave::<s![Queries = 3, Keys = 3]>()?, wave::<s![Keys = 3, HeadDim = 2]>()?);
    report(&scores.softmax(axis!(0))?.matmul(&v)?, &scores.softmax(axis!(1))?.matmul(&v)?)
}
