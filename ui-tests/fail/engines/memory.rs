#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::nn::MultiHeadAttention;
use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Seq = 5; Text = 7; Heads = 2; HeadDim = 4; Embed = 8; }

fn main() {
    let layer = MultiHeadAttention::random(Embed, Heads, HeadDim, &mut Rng::with_seed(1));
    let memory = Other::<f32>::ones((Batch, Text, Embed));
    let y = layer.cross(&Tensor::ones((Batch, Seq, Embed)), &memory, &Full);
}
