use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (english, german) = (wave::<Rank2<10, 2>>(), -wave::<Rank2<10, 2>>()); // two tables
    let ids = dev.tensor([3, 4]); // of the English tokenizer
    let got: T<Rank2<2, 2>> = german.gather(ids.clone());
    let right: T<Rank2<2, 2>> = english.gather(ids);
    report(got, right);
}
