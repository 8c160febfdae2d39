use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; HeadDim = 4; Question; Answer; }

fn main() {
    bind!(question: Ragged<Question> = 5, answer: Ragged<Answer> = 5);
    let x = Tensor::ones((Batch, Heads, question, HeadDim));
    let lengths = Lengths::new(Batch, answer, &[5, 5]).unwrap();
    let y = attention(&x, &x, &x, &lengths);
}
