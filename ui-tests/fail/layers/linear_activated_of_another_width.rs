use congruent::nn::{Activation, Linear};
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Hidden = 16; }

fn layer(layer: &Linear<Embed, Hidden>) {
    let y = layer.forward_activated(&Tensor::ones((Batch, Seq, Hidden)), Activation::Gelu);
}

fn main() {

}
