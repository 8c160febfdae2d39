use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let (scores, v) = (wave::<Rank2<3, 3>>(), wave::<Rank2<3, 2>>()); // (queries, keys)
    let got = scores.clone().softmax::<Axis<0>>().matmul(v.clone());
    report(got, scores.softmax::<Axis<1>>().matmul(v));
}
