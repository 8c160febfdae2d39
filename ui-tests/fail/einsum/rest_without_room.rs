use congruent::prelude::*;

dims! { A = 2; B = 2; C = 2; D = 2; Rows = 5; Inner = 7; Columns = 4; Others = 3; }

fn main() {
    let x = Tensor::ones((A, B, C, D, Rows));
    let y = Tensor::ones((Inner, Columns));
    let products = einsum!(".. i, j k -> .. i j k", x, y);
}
