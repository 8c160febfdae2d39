use congruent::nn::info_nce;
use congruent::prelude::*;

dims! { Batch = 2; Other = 2; Embed = 3; }

fn main() {
    let questions = Tensor::ones((Batch, Embed));
    let losses = info_nce(&questions, &Tensor::ones((Other, Embed)), 0.05);
}
