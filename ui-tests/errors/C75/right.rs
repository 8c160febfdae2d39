use congruent::backend::Autodiff;
use congruent::prelude::*;

dims! { Embed = 8; }

fn slope<B: Autodiff>(x: Tensor<(Embed,), B>) -> Tensor<(Embed,), B> {
    let x = x.tracked();
    x.square().sum(Embed).backward().of(&x)
}

fn main() {}
