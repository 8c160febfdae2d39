use congruent::nn::Linear;
use congruent::{Rng, dims};

dims! { Embed = 384; Ffn = 4 * Embed; }

fn main() {
    let up = Linear::random(Embed, Ffn, &mut Rng::with_seed(1));
    assert_eq!(up.weight.sizes(), [1536, 384]);
}
