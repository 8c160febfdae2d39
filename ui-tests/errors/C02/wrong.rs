use congruent::nn::Linear;
use congruent::{Rng, dims};

dims! { Embed = 384; }

fn main() {
    let _up = Linear::random(Embed, 1536, &mut Rng::with_seed(1));
}
