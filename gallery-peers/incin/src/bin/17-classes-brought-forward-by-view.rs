use gallery_incin::*;

fn main() -> Result<()> {
    let logits = wave::<s![Batch = 1, Vocab = 4, Seq = 3]>()?; // and the loss wants the classes last
    let targets = ids::<s![Seq = 3]>(&[0, 1, 2])?;
    let right = logits.transpose(axis!(1), axis!(2))?.reshape(shape![Seq = 3, Vocab = 4])?;
    let loss = CrossEntropyLoss::new();
    report(&loss.forward(&logits.reshape(shape![Seq = 3, Vocab = 4])?, &targets)?, &loss.forward(&right, &targets)?)
}
