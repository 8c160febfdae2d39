use burn::tensor::{Bool, Device, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    let (q, k) = (wave([1, 1, 2, 2]), wave([1, 1, 5, 2])); // the second chunk of a prompt: 3 past, 2 new
    let mask = Tensor::<2, Bool>::tril_mask([2, 2], 0, &device);
    let bias = Tensor::<2>::zeros([2, 2], &device).mask_fill(mask, -1e9).unsqueeze();
    attend_biased(q, k.clone(), k, bias);
}
