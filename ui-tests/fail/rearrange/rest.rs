use congruent::prelude::*;

dims! { Batch = 2; Rows = 5; Inner = 7; }

fn main() {
    let x = Tensor::ones((Batch, Rows, Inner));
    let turned = rearrange!(x, ".. j -> j ..");
}
