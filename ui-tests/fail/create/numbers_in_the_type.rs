use congruent::prelude::*;

fn main() {
    let x: Tensor<(usize, usize)> = Tensor::zeros((2, 3));
    let mean = x.mean(0);
}
