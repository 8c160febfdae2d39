use congruent::nn::cosine_similarity;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 3; Embed = 3; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    let cosines = cosine_similarity(&x, &x, Ragged(Seq));
}
