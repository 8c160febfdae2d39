use congruent::mesh::Partial;
use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Embed = 8; Out = 3; }

fn wrong(sum: Partial<(Batch, Embed), Model>, layer: Linear<Embed, Out>) {
    let y = layer.forward(&sum);
}

fn main() {}
