use congruent::nn::MultiHeadAttention;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; }

fn layer(attention: &MultiHeadAttention<Embed, Heads, HeadDim>, x: &Tensor<(Batch, Ragged<Seq>, Embed)>) {
    let y = attention.forward(x, &Full);
}

fn main() {

}
