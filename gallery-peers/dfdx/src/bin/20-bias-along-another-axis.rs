use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let scores = dev.zeros::<Rank2<3, 3>>(); // (queries, keys)
    let bias = arange::<Rank1<3>>(); // one number for each query
    let right = scores.clone() + bias.clone().broadcast::<_, Axis<1>>();
    report(scores + bias.broadcast(), right);
}
