use congruent::{Ragged, Rng, Tensor, dims, nn::Gru};

dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; }

fn main() {
    let layer = Gru::random(Embed, Hidden, &mut Rng::with_seed(1));
    let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    layer.forward(&x, &layer.start(Batch));
}
