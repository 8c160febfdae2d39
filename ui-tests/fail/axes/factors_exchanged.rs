use congruent::prelude::*;

dims! { Batch = 2; Rows = 14; Columns = 14; }

fn main() {
    let x = Tensor::ones((Batch, Times(Rows, Columns)));
    let y = x.relabel(Times(Rows, Columns), Times(Columns, Rows));
}
