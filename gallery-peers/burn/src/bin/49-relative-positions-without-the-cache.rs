use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let (q, k) = (wave([1, 1, 2]), wave([1, 5, 2])); // the query stands behind 4 keys
    let table = |distance: usize| -(distance as f32); // a bias for each distance
    let [got, right] = [0, 4].map(|query: usize| {
        let bias = [0, 1, 2, 3, 4].map(|key| table(query.abs_diff(key)));
        attend_biased(q.clone(), k.clone(), k.clone(), Tensor::<3>::from_floats([[bias]], &Device::default()))
    });
    report(got, right);
}
