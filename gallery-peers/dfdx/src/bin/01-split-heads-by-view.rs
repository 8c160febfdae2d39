use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let x = arange::<Rank3<1, 2, 4>>(); // (batch, sequence, embed), to be 2 heads of 2
    let split = x.reshape::<Rank4<1, 2, 2, 2>>();
    report(split.clone(), split.permute::<_, Axes4<0, 2, 1, 3>>());
}
