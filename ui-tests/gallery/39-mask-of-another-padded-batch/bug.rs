use congruent::nn::attention;
use congruent::{Error, Lengths, Ragged, Tensor, bind, dims};

dims! { Batch = 2; Heads = 1; Seq; HeadDim = 2; }

fn main() -> Result<(), Error> {
    bind!(question: Ragged<Seq> = 3, answer: Ragged<Seq> = 3);
    let lengths = Lengths::new(Batch, question, &[3, 1])?;
    let x = Tensor::ones((Batch, Heads, answer, HeadDim));
    let y = attention(&x, &x, &x, &lengths);
    Ok(())
}
