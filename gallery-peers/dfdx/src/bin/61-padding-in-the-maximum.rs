use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let states = Cpu::default().tensor([[[-2.0], [-1.0], [0.0]]]); // of 2 tokens, and of padding
    let tokens: T<Rank3<1, 2, 1>> = states.clone().slice((.., ..2, ..)).realize();
    report(states.max::<_, Axis<1>>(), tokens.max::<_, Axis<1>>());
}
