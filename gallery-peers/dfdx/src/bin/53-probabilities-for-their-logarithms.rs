use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    // Its divergence takes logits. They are of a student that says what its teacher says.
    let logits = Cpu::default().tensor([[1.0, 2.0, 3.0]]);
    let teacher = logits.clone().softmax::<Axis<1>>();
    let got = kl_div_with_logits_loss(logits.clone().softmax::<Axis<1>>(), teacher.clone());
    report(got, kl_div_with_logits_loss(logits, teacher));
}
