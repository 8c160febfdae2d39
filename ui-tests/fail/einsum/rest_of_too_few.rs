use congruent::prelude::*;

dims! { Batch = 2; Inner = 7; Columns = 4; }

fn main() {
    let x = Tensor::ones((Inner,));
    let y = Tensor::ones((Batch, Inner, Columns));
    let products = einsum!(".. i j, .. j k -> .. i k", x, y);
}
