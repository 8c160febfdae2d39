use congruent::prelude::*;

fn main() {
    let x = Tensor::ones((N::<2>, N::<500>));
    let w = Tensor::ones((N::<512>, N::<64>));
    let y = x.matmul(&w);
}
