use burn::tensor::module::attention;
use burn::tensor::{Bool, Device, Tensor};
use gallery_burn::*;

fn main() {
    let x = wave([1, 1, 3, 2]);
    let tokens = Tensor::<1, Bool>::from_bool([true, true, false], &Device::default()); // true is a token
    let mask = tokens.unsqueeze::<4>().expand([1, 1, 3, 3]); // of attention: true is hidden
    let right = attention(x.clone(), x.clone(), x.clone(), Some(mask.clone().bool_not()), None, Default::default());
    report(attention(x.clone(), x.clone(), x, Some(mask), None, Default::default()), right);
}
