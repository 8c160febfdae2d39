use congruent::prelude::*;

dims! { Embed = 12; Question; Answer; }

fn main() {
    bind!(question: Question = 5, answer: Answer = 5);
    let x = Tensor::ones((question, Embed));
    let y = Tensor::ones((answer, Embed));
    let z = &x + &y;
}
