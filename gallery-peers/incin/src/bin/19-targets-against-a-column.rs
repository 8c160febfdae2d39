use gallery_incin::*;

fn main() -> Result<()> {
    let predictions = tensor::<s![Batch = 3, 1]>(&[1.0, 2.0, 3.0])?;
    let targets = tensor::<s![Batch = 3]>(&[1.0, 2.0, 3.0])?;
    report(&MSELoss::new().forward(&predictions, &targets)?, &tensor::<s![]>(&[0.0])?)
}
