use congruent::nn::{BatchNorm, Training};
use congruent::prelude::*;

dims! { Batch = 4; Channels = 3; Seq = 5; }

fn main() {
    let (mut rng, x) = (Rng::with_seed(1), Tensor::ones((Batch, Ragged(Seq), Channels)));
    let y = BatchNorm::new(Channels, 1e-5).forward_training(&x, &mut Training::new(&mut rng));
}
