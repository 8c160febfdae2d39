use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; Rows = 5; Inner = 7; Columns = 4; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Rows, Inner));
    let y = Tensor::ones((Heads, Inner, Columns));
    let products = einsum!(".. i j, .. j k -> .. i k", x, y);
}
