//! The state of an LSTM is two tensors: a GRU has one.
use congruent::nn::Lstm;
use congruent::prelude::*;

dims! { Batch = 2; Other = 2; Seq = 5; Embed = 3; Hidden = 4; Wide = 8; }

fn main() {
    let layer = Lstm::random(Embed, Hidden, &mut Rng::with_seed(1));
    layer.forward_reverse(&Tensor::ones((Batch, Seq, Embed)), &layer.start(Batch).hidden);
}
