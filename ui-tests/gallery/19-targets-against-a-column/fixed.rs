use congruent::dim::numbers::U1;
use congruent::{Tensor, dims};

dims! { Batch = 3; }

fn main() {
    let predictions = Tensor::from_nested((Batch, U1), [[1.0], [2.0], [3.0]]);
    let targets = Tensor::from_nested((Batch,), [1.0, 2.0, 3.0]);
    let difference = predictions.at(U1, 0).unwrap() - targets;
    assert_eq!((&difference * &difference).mean(Batch).scalar(), 0.0);
}
