use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; Rows = 5; Inner = 7; Columns = 4; }

fn main() {
    let x = Tensor::ones((Batch, Rows, Inner));
    let y = Tensor::ones((Inner, Columns));
    let scale = Tensor::ones((Heads, Columns));
    let products = einsum!(".. i j, j k, .. k -> .. i k", x, y, scale);
}
