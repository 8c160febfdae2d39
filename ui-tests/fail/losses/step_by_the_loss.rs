use congruent::nn::Linear;
use congruent::optim::{AdamW, Optimizer};
use congruent::{Module, Rng, Tensor, dims};

dims! { Batch = 2; Embed = 4; Hidden = 8; }

fn main() {
    let mut model = Linear::random(Embed, Hidden, &mut Rng::with_seed(1));
    model.track();
    let loss = model.forward(&Tensor::ones((Batch, Embed))).square().mean_all();
    Optimizer::new(AdamW::default()).step(&mut model, &loss, 1.0);
}
