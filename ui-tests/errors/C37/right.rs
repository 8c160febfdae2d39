use congruent::dim::Dense;
use congruent::{At, Tensor, bind, dims};

dims! { Text; Embed = 8; }

fn similarity<Q: Dense, A: Dense>(x: &Tensor<(Q, Embed)>, y: &Tensor<(A, Embed)>) -> f32 {
    (x.sum(At::<0>) * y.sum(At::<0>)).sum(Embed).scalar()
}

fn main() {
    bind!(question: Text = 3, answer: Text = 5);
    let (x, y) = (Tensor::ones((question, Embed)), Tensor::ones((answer, Embed)));
    assert_eq!(similarity(&x, &y), 120.0);
}
