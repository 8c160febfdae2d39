use congruent::nn::Lstm;
use congruent::{Rng, Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 3; Hidden = 4; Wide = 8; }

fn main() {
    let rng = &mut Rng::with_seed(1);
    let (lower, upper) = (Lstm::random(Embed, Hidden, rng), Lstm::random(Hidden, Wide, rng));
    let (states, _) = lower.forward(&Tensor::ones((Batch, Seq, Embed)), &lower.start(Batch));
    upper.forward(&states, &upper.start(Batch));
}
