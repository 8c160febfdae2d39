use dfdx::data::OneHotEncode;
use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let logits = dev.tensor([[0.0; 4], [0.0; 4], [0.0, 8.0, 0.0, 0.0]]); // the last row is of the padding
    let targets = dev.one_hot_encode(Const::<4>, [2, 3, 0]); // 2 tokens, then padding
    let got = cross_entropy_with_logits_loss(logits.clone(), targets);
    let tokens: T<Rank2<2, 4>> = logits.slice((..2, ..)).realize();
    report(got, cross_entropy_with_logits_loss(tokens, dev.one_hot_encode(Const::<4>, [2, 3])));
}
