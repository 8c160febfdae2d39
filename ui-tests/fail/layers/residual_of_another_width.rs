use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Hidden = 16; }

fn layer(up: &Linear<Embed, Hidden>) {
    let x = Tensor::ones((Batch, Seq, Embed));
    let y = &x + &up.forward(&x);
}

fn main() {

}
