use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (a, b) = (dev.tensor([1.0; 4]), dev.tensor([6.0])); // losses of 4 tokens, and of 1
    report((a.mean() + b.mean()) / 2.0, dev.tensor([1.0, 1.0, 1.0, 1.0, 6.0]).mean());
}
