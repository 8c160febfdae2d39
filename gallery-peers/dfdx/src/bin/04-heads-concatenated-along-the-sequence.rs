use dfdx::prelude::*;
use gallery_dfdx::*;

type Long = (Const<1>, usize, Const<2>);
type Wide = (Const<1>, Const<2>, usize);

fn main() {
    let (a, b) = (arange::<Rank3<1, 2, 2>>(), arange::<Rank3<1, 2, 2>>() + 10.0); // each (batch, sequence, head_dim)
    let wrong = (a.clone().realize::<Long>(), b.clone().realize::<Long>()).concat_along(Axis::<1>);
    let right = (a.realize::<Wide>(), b.realize::<Wide>()).concat_along(Axis::<2>);
    report(wrong.reshape_like(&(1, 2, 4)), right);
}
