use gallery_ndarray::*;
use ndarray::Array1;

fn main() {
    let (q, k) = (wave((1, 1, 2)), wave((1, 5, 2))); // the query stands behind 4 keys
    let table = -arange(8); // a bias for each distance
    let bias = |query: usize| (0..5).map(|key| table[query.abs_diff(key)]).collect::<Array1<f32>>();
    report(&attend_with(&q, &k, &k, &bias(0)), &attend_with(&q, &k, &k, &bias(4)));
}
