//! Of a backend that may be of any elements, and beside it `f64` on the same engine.
use congruent::backend::{Backend, Float};
use congruent::prelude::*;

dims! { Embed = 4; }

#[derive(Module)]
#[module(backend = B, backend = congruent::backend::With<B, f64>)]
struct Scaled<B: Backend<Elem: Float>> {
    #[module(backend = B)]
    weight: Tensor<(Embed,), B>,
    #[module(backend = congruent::backend::With<B, f64>)]
    scale: TensorOf<(Embed,), f64, B>,
}

fn main() {}
