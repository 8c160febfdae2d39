use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    const HEADS: usize = 4;
    let x = wave::<Rank3<1, 2, 6>>();
    x.reshape::<Rank4<1, 2, HEADS, { 6 / HEADS }>>();
}
