use burn::tensor::{Device, Int, Tensor};
use gallery_burn::*;

fn main() {
    let table = wave([4, 2]);
    table.select(0, Tensor::<1, Int>::arange(0..6, &Device::default()));
}
