use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Embed = 12; Hidden = 16; }

fn main() {
    let weight = Tensor::ones((Embed, Hidden));
    let layer: Linear<Embed, Hidden> = Linear { weight, bias: None };
}
