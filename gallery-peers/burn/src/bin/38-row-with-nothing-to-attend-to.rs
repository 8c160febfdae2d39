use burn::nn::attention::MhaInput;
use burn::tensor::{Bool, Device, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    let (x, layer) = (wave([1, 2, 2]), plain_attention(2, &device));
    let hidden = Tensor::<3, Bool>::from_bool([[[true, true], [false, false]]], &device);
    let got = layer.forward(MhaInput::self_attn(x).mask_attn(hidden)).context;
    report(got.slice([0..1, 0..1]).flatten::<1>(0, 2), Tensor::<1>::zeros([2], &device));
}
