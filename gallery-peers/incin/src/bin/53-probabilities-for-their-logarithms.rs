use gallery_incin::*;

type Classes = T<s![Batch = 1, Vocab = 3]>;

/// The divergence of probabilities from predicted ones, of which it takes the logarithms.
fn kl_div(predicted: &Classes, targets: &Classes) -> Result<T<s![]>> {
    targets.mul_exact(&targets.log()?.sub_exact(predicted)?)?.sum_all()
}

fn main() -> Result<()> {
    let logits = tensor::<s![Batch = 1, Vocab = 3]>(&[1.0, 2.0, 3.0])?; // of a student that says what its teacher says
    let teacher = logits.softmax(axis!(1))?;
    report(&kl_div(&logits.softmax(axis!(1))?, &teacher)?, &kl_div(&logits.softmax(axis!(1))?.log()?, &teacher)?)
}
