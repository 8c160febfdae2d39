use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use gallery_burn::*;

fn main() {
    let (q, k) = (wave([1, 1, 1, 2]), wave([1, 1, 4, 2])); // 1 new query, 3 past keys and its own
    let causal = AttentionModuleOptions { is_causal: true, ..Default::default() };
    report(attention(q.clone(), k.clone(), k.clone(), None, None, causal), attend(q, k.clone(), k));
}
