use gallery_incin::*;

fn main() -> Result<()> {
    let [a, b, _c] = [(); 3].map(|()| wave::<s![Batch = 1, Seq = 2, 2]>());
    let output = Linear::<s![6, Embed = 6]>::build(())?; // for three heads
    output.forward(a?.concat(&b?, axis!(2))?)?;
    Ok(())
}
