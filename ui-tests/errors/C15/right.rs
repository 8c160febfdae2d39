use congruent::nn::Linear;
use congruent::{Plus, Rng, Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 8; Value = 32; Gate = 32; Both = Value + Gate; }

fn main() {
    let up = Linear::random(Embed, Both, &mut Rng::with_seed(1));
    let both = up.forward(&Tensor::ones((Batch, Seq, Embed)));
    let (value, gate) = both.relabel(Both, Plus(Value, Gate)).unconcat(Plus(Value, Gate));
    assert_eq!(value.sizes(), [2, 5, 32]);
    assert_eq!(gate.sizes(), [2, 5, 32]);
}
