use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let heads = arange::<Rank4<1, 2, 2, 2>>(); // (batch, heads, sequence, head_dim)
    let right = heads.clone().permute::<_, Axes4<0, 2, 1, 3>>().reshape::<Rank3<1, 2, 4>>();
    report(heads.reshape::<Rank3<1, 2, 4>>(), right);
}
