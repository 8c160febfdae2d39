use congruent::nn::info_nce;
use congruent::prelude::*;

dims! { Batch = 2; Embed = 3; }

fn main() {
    let questions = Tensor::ones((Ragged(Batch), Embed));
    let losses = info_nce(&questions, &questions, 0.05);
}
