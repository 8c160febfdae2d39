use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let x = arange::<Rank3<2, 2, 3>>(); // (batch, sequence, embed)
    report(x.clone().mean::<_, Axis<0>>(), x.mean::<_, Axis<1>>());
}
