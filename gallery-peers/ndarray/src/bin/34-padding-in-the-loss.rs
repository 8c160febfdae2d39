use gallery_ndarray::*;
use ndarray::{Array2, arr0, s};

fn main() {
    let mut logits = Array2::zeros((3, 4));
    logits[[2, 1]] = 8.0; // what the model says of the padding
    let targets = [2, 3, 0]; // 2 tokens, then padding
    let right = cross_entropy(&logits.slice(s![..2, ..]), &targets[..2]);
    report(&arr0(cross_entropy(&logits, &targets)), &arr0(right));
}
