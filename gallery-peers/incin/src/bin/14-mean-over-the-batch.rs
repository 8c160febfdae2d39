use gallery_incin::*;

fn main() -> Result<()> {
    let x = arange::<s![Batch = 2, Seq = 2, Embed = 3]>()?;
    let targets = ids::<s![Batch = 2]>(&[0, 1])?; // one for each text
    let loss = CrossEntropyLoss::new();
    report(&loss.forward(&x.mean(axis!(0))?, &targets)?, &loss.forward(&x.mean(axis!(1))?, &targets)?)
}
