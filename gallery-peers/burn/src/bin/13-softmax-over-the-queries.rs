use burn::tensor::activation::softmax;
use gallery_burn::*;

fn main() {
    let (scores, v) = (wave([3, 3]), wave([3, 2])); // (queries, keys)
    report(softmax(scores.clone(), 0).matmul(v.clone()), softmax(scores, 1).matmul(v));
}
