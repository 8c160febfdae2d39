use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Hidden = 16; }

fn layer(layer: &Linear<Embed, Hidden>, x: &Tensor<(Batch, Seq, Embed)>) {
    let y = layer.forward_residual(x, x);
}

fn main() {

}
