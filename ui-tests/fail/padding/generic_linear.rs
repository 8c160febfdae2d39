use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn project<E: Dim, F: Dim>(layer: &Linear<E, F>, x: &Tensor<(Batch, E)>) -> Tensor<(Batch, F)> {
    layer.forward(x)
}

fn main() {}
