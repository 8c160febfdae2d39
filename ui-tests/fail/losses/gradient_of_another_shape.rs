use congruent::prelude::*;

dims! { Batch = 2; Embed = 3; }

fn main() {
    let x = Tensor::ones((Batch, Embed)).tracked();
    let gradients = x.square().mean(Embed).mean(Batch).backward();
    let gradient: Tensor<(Embed, Batch)> = gradients.of(&x);
}
