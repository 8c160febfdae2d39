use gallery_ndarray::*;
use ndarray::array;

fn main() {
    let (q, k) = (wave((1, 1, 2, 2)), wave((1, 1, 4, 2))); // a chunk of 2, behind 2 of the cache
    attend_with(&q, &k, &k, &array![0.0, f32::NEG_INFINITY]); // of the chunk, the first is live
}
