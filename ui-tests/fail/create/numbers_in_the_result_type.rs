use congruent::prelude::*;

fn table(rows: usize, columns: usize) -> Tensor<(usize, usize)> {
    Tensor::zeros((rows, columns))
}

fn main() {
    table(2, 3);
}
