use congruent::prelude::*;

dims! { Batch = 2; Rows = 5; Inner = 7; }

fn main() {
    let x = Tensor::ones((Batch, Rows, Inner));
    let sums = einsum!("b i j -> .. j", x);
}
