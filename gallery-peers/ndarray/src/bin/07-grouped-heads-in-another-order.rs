use gallery_ndarray::*;
use ndarray::{Axis, concatenate};

fn main() {
    let (q, k) = (wave((1, 4, 2, 2)), wave((1, 2, 3, 2))); // 4 query heads share 2 key heads: 0 0 1 1
    let right = k.select(Axis(1), &[0, 0, 1, 1]);
    let wrong = concatenate![Axis(1), k, k];
    report(&attend(&q, &wrong, &wrong), &attend(&q, &right, &right));
}
