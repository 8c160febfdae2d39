use congruent::prelude::*;

dims! { Embed = 12; Question; }

fn add<S: Dim>(_: &Tensor<(S, Embed)>, _: &Tensor<(S, Embed)>) {}

fn main() {
    bind!(question: Question = 5, answer: Question = 5);
    let (x, y) = (Tensor::ones((question, Embed)), Tensor::ones((answer, Embed)));
    add(&x, &y);
}
