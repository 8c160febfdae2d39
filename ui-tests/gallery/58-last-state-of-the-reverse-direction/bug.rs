#[path = "../common.rs"]
mod common;

use common::assert_close;
use congruent::{Each, Tensor, dims};

dims! { Batch = 1; Seq = 3; Hidden = 1; }

/// A recurrent layer that adds up its inputs: the state at each of them.
fn states(inputs: [f32; 3]) -> [Tensor<(Batch, Hidden)>; 3] {
    let mut state = Tensor::zeros((Batch, Hidden));
    inputs.map(|input| {
        state = &state + input;
        state.clone()
    })
}

fn main() {
    let (forward, mut reverse) = (states([1.0, 2.0, 3.0]), states([3.0, 2.0, 1.0]));
    reverse.reverse();
    let [forward, reverse] = [forward, reverse].map(|states| Tensor::stack(Seq, &Each::new(Seq, states)));
    let summary = forward.concat(Hidden, &reverse).at(Seq, 2).unwrap();
    assert_close(&summary, &[6.0, 3.0]);
}
