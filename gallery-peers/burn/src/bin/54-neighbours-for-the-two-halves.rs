use burn::tensor::Tensor;
use gallery_burn::*;

fn main() {
    // 4 samples without a condition, and with it.
    let doubled = Tensor::cat(vec![arange([4, 1]), arange([4, 1]) + 100.0], 0);
    let sample = 1;
    let right = [sample, sample + 4].map(|row| doubled.clone().narrow(0, row, 1));
    report(doubled.narrow(0, 2 * sample, 2), Tensor::cat(right.to_vec(), 0));
}
