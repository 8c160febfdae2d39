use congruent::nn::cosine_similarity;
use congruent::prelude::*;

dims! { Batch = 2; Embed = 3; Other = 3; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let cosines = cosine_similarity(&x, &Tensor::ones((Batch, Other)), Embed);
}
