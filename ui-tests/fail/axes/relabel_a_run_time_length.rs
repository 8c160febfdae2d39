use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Question; }

fn main() {
    bind!(question: Question = 5);
    let x = Tensor::ones((Batch, question));
    let y = x.relabel(question, Seq);
}
