use gallery_ndarray::*;
use ndarray::{ArrayRef2, arr0, array, s};

fn next_token_loss(logits: &ArrayRef2<f32>, tokens: &[usize]) -> f32 {
    cross_entropy(&logits.slice(s![..-1, ..]), &tokens[1..])
}

fn main() {
    let tokens = [0, 1, 2, 3];
    // Of a model that is all but certain of what follows.
    let logits = array![[0.0, 9.0, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0], [0.0, 0.0, 0.0, 9.0], [9.0, 0.0, 0.0, 0.0]];
    let got = next_token_loss(&logits.slice(s![..-1, ..]), &tokens[1..]);
    report(&arr0(got), &arr0(next_token_loss(&logits, &tokens)));
}
