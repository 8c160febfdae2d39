use congruent::prelude::*;

dims! { Embed = 4; }

#[derive(Module)]
struct Norm {
    weight: Tensor<(Embed,)>,
    #[module(buffer)]
    batches: Tensor<(), Cpu<u64>>,
}

fn main() {}
