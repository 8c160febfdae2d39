use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let x = wave([4, 2, 2]); // (batch and heads, sequence, head_dim): 2 sequences of 2 heads
    let bias = Tensor::<3>::zeros([2, 2, 2], &Device::default()); // (batch, queries, keys)
    let bias = bias.slice_fill([1..2, 0..2, 1..2], f32::NEG_INFINITY); // the second sequence has one token
    let right = bias.clone().unsqueeze_dim::<4>(1).repeat(&[1, 2, 1, 1]).reshape([4, 2, 2]);
    let right = attend_biased(x.clone(), x.clone(), x.clone(), right);
    report(attend_biased(x.clone(), x.clone(), x, bias.repeat(&[2, 1, 1])), right);
}
