use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let x = wave([2, 2, 2, 2]); // (batch, heads, sequence, head_dim): 2 of each
    let bias = Tensor::<3>::zeros([2, 2, 2], &Device::default()); // (batch, queries, keys)
    let bias = bias.slice_fill([1..2, 0..2, 1..2], f32::NEG_INFINITY); // the second sequence has one token
    let right = attend_biased(x.clone(), x.clone(), x.clone(), bias.clone().unsqueeze_dim(1));
    report(attend_biased(x.clone(), x.clone(), x, bias), right);
}
