use gallery_incin::*;

fn main() -> Result<()> {
    // The last row is of the padding.
    let logits = tensor::<s![Seq = 3, Vocab = 4]>(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 8.0, 0.0, 0.0])?;
    let targets = ids::<s![Seq = 3]>(&[2, 3, 0])?; // 2 tokens, then padding
    let right = CrossEntropyLoss::new()
        .forward(&Tensor::<s![Seq = 2, Vocab = 4]>::zeros(())?, &ids::<s![Seq = 2]>(&[2, 3])?)?;
    report(&CrossEntropyLoss::new().forward(&logits, &targets)?, &right)
}
