use burn::nn::attention::MhaInput;
use burn::tensor::Device;
use gallery_burn::*;

fn main() {
    let layer = plain_attention(2, &Device::default()); // batch first
    let x = wave([3, 3, 2]); // (sequence, batch, embed), 3 of each
    let y = x.clone().swap_dims(0, 1);
    report(layer.forward(MhaInput::self_attn(x)).context, attend(y.clone(), y.clone(), y).swap_dims(0, 1));
}
