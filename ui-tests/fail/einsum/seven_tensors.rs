use congruent::prelude::*;

dims! { Batch = 2; }

fn main() {
    let x = Tensor::ones((Batch,));
    let y = einsum!("b, b, b, b, b, b, b -> b", x, x, x, x, x, x, x);
}
