use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    let sum = einsum!("b s e -> b e", x);
}
