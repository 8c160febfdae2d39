use gallery_ndarray::*;
use ndarray::{Array1, Array3, array};

fn main() {
    let (q, k) = (Array3::ones((1, 1, 1)), Array3::ones((1, 5, 1))); // the query stands behind 4 keys
    let v = array![[[1.0], [1.0], [1.0], [1.0], [100.0]]];
    // A window of the token and the one before it.
    let hidden = |query, key| if key <= query && query < key + 2 { 0.0 } else { f32::NEG_INFINITY };
    let bias = |query: usize| (0..5).map(|key| hidden(query, key)).collect::<Array1<f32>>();
    report(&attend_with(&q, &k, &v, &bias(0)), &attend_with(&q, &k, &v, &bias(4)));
}
