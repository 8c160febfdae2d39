use gallery_ndarray::*;
use ndarray::{Axis, arr0, array, concatenate};

fn main() {
    let (a, b) = (array![1.0, 1.0, 1.0, 1.0], array![6.0]); // losses of 4 tokens, and of 1
    let got = (a.mean().unwrap() + b.mean().unwrap()) / 2.0;
    report(&arr0(got), &arr0(concatenate![Axis(0), a, b].mean().unwrap()));
}
