use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Hidden = 16; }

fn layer(layer: &Linear<Embed, Hidden>) {
    let y = layer.forward(&Tensor::ones((Batch, Seq, Hidden)));
}

fn main() {

}
