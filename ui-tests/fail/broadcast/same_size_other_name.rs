use congruent::prelude::*;

dims! { Batch = 2; Other = 3; Heads = 3; }

fn main() {
    let x = Tensor::ones((Batch, Heads));
    let y = Tensor::ones((Batch, Other));
    let z = x + y;
}
