use congruent::half::bf16;
use congruent::nn::LayerNorm;
use congruent::prelude::*;

dims! { Embed = 4; }

#[derive(Module)]
struct Model {
    norm: LayerNorm<Embed>,
}

fn main() {
    let model = Model { norm: LayerNorm::new(Embed, 1e-5) };
    let narrow = model.cast::<Cpu<bf16>>();
}
