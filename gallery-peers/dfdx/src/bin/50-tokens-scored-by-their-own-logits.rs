use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    // Of a model that is all but certain of what follows.
    let logits = dev.tensor([[0.0, 9.0, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0], [0.0, 0.0, 0.0, 9.0], [9.0, 0.0, 0.0, 0.0]]);
    let scores = logits.log_softmax::<Axis<1>>();
    let predicted: T<Rank2<3, 4>> = scores.clone().slice((..3, ..)).realize();
    report(scores.select(dev.tensor([0, 1, 2, 3])), predicted.select(dev.tensor([1, 2, 3])));
}
