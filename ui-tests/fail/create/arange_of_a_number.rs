use congruent::prelude::*;

fn main() {
    let positions = Tensor::arange(10);
}
