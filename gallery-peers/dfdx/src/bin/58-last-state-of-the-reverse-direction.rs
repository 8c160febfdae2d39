use dfdx::prelude::*;
use gallery_dfdx::*;

/// A recurrent layer that adds up its inputs: (sequence, hidden).
fn states(inputs: [f32; 3]) -> [T<Rank1<1>>; 3] {
    let mut state = Cpu::default().zeros::<Rank1<1>>();
    inputs.map(|input| {
        state = state.clone() + input;
        state.clone()
    })
}

fn main() {
    let dev = Cpu::default();
    let (forward, mut reverse) = (states([1.0, 2.0, 3.0]), states([3.0, 2.0, 1.0]));
    reverse.reverse();
    let both = [forward.stack(), reverse.stack()].stack(); // (direction, sequence, hidden)
    let got: T<Rank2<2, 1>> = both.clone().select(dev.tensor([2, 2]));
    report(got, both.select(dev.tensor([2, 0])));
}
