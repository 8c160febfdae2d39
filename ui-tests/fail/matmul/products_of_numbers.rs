use congruent::dim::numbers::{U2, U8, U64};
use congruent::prelude::*;

fn main() {
    let x = Tensor::ones((U2, Times(U8, U64)));
    let weight = Tensor::ones((N::<500>, N::<500>));
    let y = x.relabel(Times(U8, U64), N::<500>).matmul(&weight);
}
