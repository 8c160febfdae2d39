use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let scores = Tensor::<2>::zeros([3, 3], &Device::default()); // (queries, keys)
    let bias = arange([3]); // one number for each query
    report(scores.clone() + bias.clone(), scores + bias.unsqueeze_dim(1));
}
