use congruent::nn::LayerNorm;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn layer(norm: &LayerNorm<Embed>) {
    let y = norm.forward(&Tensor::ones((Batch, Embed, Seq)));
}

fn main() {

}
