use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Embed = 8; Classes = 3; }

#[derive(Module)]
struct Model {
    output: Linear<Embed, Classes>,
}

fn main() {
    let model = Model { output: Linear::random(Embed, Classes, &mut Rng::with_seed(1)) };
    let there = model.to_engine::<Cpu<f32>>(&Default::default());
}
