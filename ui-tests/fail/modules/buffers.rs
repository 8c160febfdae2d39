use congruent::prelude::*;

dims! { Embed = 4; }

#[derive(Module)]
struct Norm {
    weight: Tensor<(Embed,)>,
    #[module(buffers)]
    running_mean: Tensor<(Embed,)>,
}

fn main() {}
