use dfdx::data::OneHotEncode;
use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let logits = wave::<Rank3<1, 4, 3>>(); // (batch, classes, sequence), and the loss wants the classes last
    let targets: T<Rank3<1, 3, 4>> = dev.one_hot_encode(Const::<4>, [0, 1, 2]).reshape();
    let right = cross_entropy_with_logits_loss(logits.clone().permute::<_, Axes3<0, 2, 1>>(), targets.clone());
    report(cross_entropy_with_logits_loss(logits.reshape(), targets), right);
}
