use gallery_ndarray::*;
use ndarray::Array2;

fn main() {
    let (q, k) = (wave((1, 1, 1, 2)), wave((1, 1, 4, 2))); // 1 new query, 3 past keys and its own
    let causal = Array2::from_shape_fn((1, 4), |(query, key)| if key <= query { 0.0 } else { f32::NEG_INFINITY });
    report(&attend_with(&q, &k, &k, &causal), &attend(&q, &k, &k));
}
