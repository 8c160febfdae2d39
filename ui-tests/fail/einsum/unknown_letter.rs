use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn main() {
    let x = Tensor::ones((Batch, Seq));
    let y = einsum!("b s -> b t", x);
}
