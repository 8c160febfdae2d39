use gallery_ndarray::*;
use ndarray::array;

fn main() {
    let (q, k) = (wave((1, 1, 2, 2)), wave((1, 1, 5, 2))); // the second chunk of a prompt: 3 past, 2 new
    let mask = array![[0.0, -1e9], [0.0, 0.0]];
    attend_with(&q, &k, &k, &mask);
}
