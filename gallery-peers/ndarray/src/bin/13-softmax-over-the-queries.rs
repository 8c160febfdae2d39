use gallery_ndarray::*;
use ndarray::Axis;

fn main() {
    let (scores, v) = (wave((3, 3)), wave((3, 2))); // (queries, keys)
    report(&softmax(scores.clone(), Axis(0)).dot(&v), &softmax(scores, Axis(1)).dot(&v));
}
