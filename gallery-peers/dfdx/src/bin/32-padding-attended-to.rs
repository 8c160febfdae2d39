use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let mut x = wave::<Rank3<1, 3, 2>>().array();
    x[0][2] = [9.0; 2]; // padding: the sequence has 2 tokens
    let x = dev.tensor(x);
    let tokens: T<Rank3<1, 2, 2>> = x.clone().slice((.., ..2, ..)).realize();
    let got = attend(x.clone(), x.clone(), x, dev.zeros()).slice((.., ..2, ..));
    report(got, attend(tokens.clone(), tokens.clone(), tokens, dev.zeros()));
}
