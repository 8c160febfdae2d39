use congruent::nn::MultiHeadAttention;
use congruent::prelude::*;

dims! { Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; }

fn layer(attention: &MultiHeadAttention<Embed, Heads, HeadDim>) {
    let y = attention.forward(&Tensor::ones((Seq, Embed)), &Full);
}

fn main() {

}
