use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (predictions, targets) = (dev.tensor([[1.0], [2.0], [3.0]]), dev.tensor([1.0, 2.0, 3.0]));
    report(mse_loss(predictions, targets), dev.tensor(0.0));
}
