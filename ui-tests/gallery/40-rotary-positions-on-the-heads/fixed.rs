#[path = "../common.rs"]
mod common;

use common::{assert_close, count, wave};
use congruent::dim::numbers::U2;
use congruent::{Tensor, Times, dims};

dims! { Batch = 1; Seq = 2; Heads = 2; Half = 2; }

fn main() {
    let angles = count((Seq,)).expand(Half).transpose(Half, Seq) * Tensor::from_nested((Half,), [1.0, 0.1]);
    let x = wave((Batch, Seq, Heads, Times(U2, Half))).transpose(Seq, Heads).split(Times(U2, Half));
    let (first, second) = (x.at(U2, 0).unwrap(), x.at(U2, 1).unwrap());
    let (cos, sin) = (angles.cos(), angles.sin());
    let turned = (&first * &cos - &second * &sin).concat(Half, &(&second * &cos + &first * &sin));
    let right = [
        0.841471, 0.909297, 0.14112, -0.756802, -0.958924, -0.279415, 0.656987, 0.989358, 1.06413, -0.487735,
        -0.193511, -0.588204, -0.320181, 1.0144, 0.70491, -0.187569,
    ];
    assert_close(&turned.transpose(Heads, Seq), &right);
}
