use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 3; }

fn main() {
    let x = Tensor::ones((Batch, Embed)).tracked();
    let losses = x.square().mean(Embed);
    let gradients = losses.mean(Batch).backward();
    assert_eq!(gradients.of(&x).sizes(), [2, 3]);
}
