use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (q, keys) = (wave::<Rank3<2, 1, 2>>(), wave::<Rank3<2, 4, 2>>()); // of each sequence 2 tokens, and 2 drafted ones
    let accepted = [2, 0];
    let cut = 2 + accepted.iter().max().unwrap();
    let cache: T<Rank3<2, 4, 2>> = keys.clone().slice((.., ..cut, ..)).realize();
    let got: T<Rank3<1, 1, 2>> = attend(q.clone(), cache.clone(), cache, dev.zeros()).slice((1.., .., ..)).realize();
    let right: T<Rank3<1, 2, 2>> = keys.slice((1.., ..2, ..)).realize();
    let q: T<Rank3<1, 1, 2>> = q.slice((1.., .., ..)).realize();
    report(got, attend(q, right.clone(), right, dev.zeros()));
}
