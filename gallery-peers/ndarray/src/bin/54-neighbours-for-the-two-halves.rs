use gallery_ndarray::*;
use ndarray::{Axis, concatenate, s};

fn main() {
    // 4 samples without a condition, and with it.
    let doubled = concatenate![Axis(0), arange((4, 1)), arange((4, 1)) + 100.0];
    let sample = 1;
    report(&doubled.slice(s![2 * sample..2 * sample + 2, ..]), &doubled.select(Axis(0), &[sample, sample + 4]));
}
