//! The other elements are hidden in a name.
use congruent::backend::{Backend, With};
use congruent::prelude::*;

dims! { Embed = 4; }
type Wide<B> = With<B, f64>;

#[derive(Module)]
#[module(backend = B, backend = Wide<B>)]
struct Scaled<B: Backend<Elem = f32>> {
    #[module(backend = B)]
    weight: Tensor<(Embed,), B>,
    #[module(backend = Wide<B>)]
    scale: Tensor<(Embed,), Wide<B>>,
}

fn main() {}
