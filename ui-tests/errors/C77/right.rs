use congruent::prelude::*;

dims! { Batch = 2; Embed = 8; }

fn print(_: &Tensor<(Batch, Embed), Cpu<f32>>) {}

fn main() {}
