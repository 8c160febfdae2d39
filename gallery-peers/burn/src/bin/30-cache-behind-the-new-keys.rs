use burn::tensor::{Bool, Device, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    let (past, new, q) = (wave([1, 3, 2]), wave([1, 2, 2]) * 2.0, wave([1, 2, 2]));
    let mask = Tensor::<2, Bool>::tril_mask([2, 5], 3, &device); // queries are the last 2 of 5 keys
    let bias = Tensor::<2>::zeros([2, 5], &device).mask_fill(mask, f32::NEG_INFINITY).unsqueeze();
    let (wrong, right) = (Tensor::cat(vec![new.clone(), past.clone()], 1), Tensor::cat(vec![past, new], 1));
    let got = attend_biased(q.clone(), wrong.clone(), wrong, bias.clone());
    report(got, attend_biased(q, right.clone(), right, bias));
}
