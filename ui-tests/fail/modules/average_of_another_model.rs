//! The average is of a model of another width.
use congruent::nn::Linear;
use congruent::optim::moving_average;
use congruent::prelude::*;

dims! { Embed = 4; Hidden = 8; Wide = 16; }

fn main() {
    let model = Linear::random(Embed, Hidden, &mut Rng::with_seed(1));
    let mut average = Linear::random(Embed, Wide, &mut Rng::with_seed(1));
    moving_average(&mut average, &model, 0.99);
}
