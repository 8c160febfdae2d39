use gallery_incin::*;

fn main() -> Result<()> {
    let a = arange::<s![Batch = 1, 2, 2]>()?; // (batch, sequence, head_dim): what is joined has no name
    let b = from_fn::<s![Batch = 1, 2, 2]>(|i| i + 10.0)?;
    let output = Linear::<s![4, Embed = 4]>::build(())?;
    let y = output.forward(a.concat(&b, axis!(1))?)?;
    report(&y.detach(), &output.forward(a.concat(&b, axis!(2))?)?.detach())
}
