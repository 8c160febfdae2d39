use congruent::nn::MultiHeadAttention;
use congruent::prelude::*;

dims! { Batch = 2; Other = 3; Seq = 5; Keys = 7; Embed = 12; Heads = 3; HeadDim = 4; }

fn layer(attention: &MultiHeadAttention<Embed, Heads, HeadDim>) {
    let (x, memory) = (Tensor::ones((Batch, Seq, Embed)), Tensor::ones((Other, Keys, Embed)));
    let y = attention.cross(&x, &memory, &Full);
}

fn main() {

}
