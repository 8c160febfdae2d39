use burn::tensor::{Device, Tensor};
use gallery_burn::*;

fn main() {
    let (x, table) = (Tensor::<3>::zeros([1, 3, 2], &Device::default()), arange([16, 2]));
    let length = x.dims()[1];
    let got = x.clone() + table.clone().slice([length..length + 1]).unsqueeze();
    report(got, x + table.slice([0..length]).unsqueeze());
}
