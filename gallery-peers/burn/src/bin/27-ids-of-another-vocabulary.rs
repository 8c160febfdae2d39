use burn::tensor::{Device, Int, Tensor};
use gallery_burn::*;

fn main() {
    let (english, german) = (wave([10, 2]), -wave([10, 2])); // two tables
    let ids = Tensor::<1, Int>::from_ints([3, 4], &Device::default()); // of the English tokenizer
    report(german.select(0, ids.clone()), english.select(0, ids));
}
