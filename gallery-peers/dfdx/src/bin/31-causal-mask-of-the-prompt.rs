use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let q = wave::<Rank4<1, 1, 2, 2>>(); // the second chunk of a prompt: 3 past, 2 new
    let k = wave::<Rank4<1, 1, 5, 2>>();
    let mask = dev.upper_tri::<Rank4<1, 1, 2, 2>>(-1e9, 1);
    attend_heads(q, k.clone(), k, mask);
}
