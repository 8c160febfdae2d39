use dfdx::data::OneHotEncode;
use dfdx::prelude::*;
use gallery_dfdx::*;

fn next_token_loss<const S: usize, const NEXT: usize>(logits: T<Rank2<S, 4>>, tokens: [usize; S]) -> T<Rank0> {
    let predictions: T<Rank2<NEXT, 4>> = logits.slice((..NEXT, ..)).realize();
    let next: [usize; NEXT] = tokens[1..].try_into().unwrap();
    cross_entropy_with_logits_loss(predictions, Cpu::default().one_hot_encode(Const::<4>, next))
}

fn main() {
    let dev = Cpu::default();
    // Of a model that is all but certain of what follows.
    let logits = dev.tensor([[0.0, 9.0, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0], [0.0, 0.0, 0.0, 9.0], [9.0, 0.0, 0.0, 0.0]]);
    let predictions: T<Rank2<3, 4>> = logits.clone().slice((..3, ..)).realize();
    report(next_token_loss::<3, 2>(predictions, [1, 2, 3]), next_token_loss::<4, 3>(logits, [0, 1, 2, 3]));
}
