use congruent::backend::{Backend, Float};
use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Embed = 8; Classes = 3; }

#[derive(Module)]
struct Model<B: Backend<Elem: Float> = Cpu<f32>> {
    output: Linear<Embed, Classes, B>,
}

fn main() {
    let model = Model { output: Linear::random(Embed, Classes, &mut Rng::with_seed(1)) };
    let there = model.to_engine::<Cpu<f32>>(&Default::default());
}
