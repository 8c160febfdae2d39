use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; HeadDim = 4; Question; Answer; }

fn main() {
    bind!(question: Question = 5, answer: Answer = 5);
    let q = Tensor::ones((Batch, Heads, question, HeadDim));
    let v = Tensor::ones((Batch, Heads, answer, HeadDim));
    let y = attention(&q, &q, &v, &Full);
}
