use congruent::backend::{Backend, Float};
use congruent::prelude::*;

dims! { Embed = 8; }

fn slope<B: Backend<Elem: Float>>(x: Tensor<(Embed,), B>) -> Tensor<(Embed,), B> {
    let x = x.tracked();
    x.square()
}

fn main() {}
