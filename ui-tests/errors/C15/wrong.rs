use congruent::nn::Linear;
use congruent::{Rng, Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 8; Value = 32; Gate = 32; Both = Value + Gate; }

fn main() {
    let up = Linear::random(Embed, Both, &mut Rng::with_seed(1));
    let both = up.forward(&Tensor::ones((Batch, Seq, Embed)));
    let (_value, _gate) = both.unconcat(Both);
}
