use congruent::dim::Dense;
use congruent::{At, Tensor, bind, dims};

dims! { Text; Embed = 8; }

fn similarity<S: Dense>(x: &Tensor<(S, Embed)>, y: &Tensor<(S, Embed)>) -> f32 {
    (x.sum(At::<0>) * y.sum(At::<0>)).sum(Embed).scalar()
}

fn main() {
    bind!(question: Text = 3, answer: Text = 5);
    let (x, y) = (Tensor::ones((question, Embed)), Tensor::ones((answer, Embed)));
    println!("{}", similarity(&x, &y));
}
