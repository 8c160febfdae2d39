//! Norms in single, weights in half precision, and one field in neither.
use congruent::half::f16;
use congruent::prelude::*;

dims! { Embed = 4; }

#[derive(Module)]
#[module(backend = Cpu<f32>, backend = Cpu<congruent::half::bf16>)]
struct Block {
    #[module(backend = Cpu<f32>)]
    norm: Tensor<(Embed,)>,
    #[module(backend = Cpu<f16>)]
    weight: Tensor<(Embed,), Cpu<f16>>,
}

fn main() {}
