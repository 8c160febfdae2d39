use gallery_incin::*;

fn main() -> Result<()> {
    let x = wave::<s![Batch = 2, Embed = 2]>()?;
    let stored = wave::<s![Embed = 2, Out = 2]>()?.to_vec1::<f32>()?; // a file has numbers and sizes
    let taken = tensor::<s![Out = 2, Embed = 2]>(&stored)?; // as a linear layer keeps them
    let got = x.matmul(&taken.transpose(axis!(0), axis!(1))?)?;
    report(&got, &x.matmul(&tensor::<s![Embed = 2, Out = 2]>(&stored)?)?)
}
