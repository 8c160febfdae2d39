use congruent::{Tensor, dims};

dims! { Queries = 2; Keys = 2; }

fn main() {
    let hidden = f32::NEG_INFINITY;
    let scores = Tensor::from_nested((Queries, Keys), [[hidden, hidden], [0.0, 0.0]]);
    let weights = scores.softmax(Keys).to_vec();
    assert!(weights[0].is_nan() && weights[1].is_nan() && weights[2..] == [0.5, 0.5]);
}
