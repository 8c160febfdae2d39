#[path = "../common.rs"]
mod common;

use common::{assert_close, count, wave};
use congruent::dim::numbers::U2;
use congruent::{Plus, Tensor, Times, dims};

dims! { Positions = 8; New = 1; Half = 2; }

/// The query, turned by the angles of its position.
fn rotate(x: &Tensor<(New, Times<U2, Half>)>, angles: &Tensor<(New, Half)>) -> Tensor<(New, Plus<Half, Half>)> {
    let x = x.split(Times(U2, Half));
    let (first, second) = (x.at(U2, 0).unwrap(), x.at(U2, 1).unwrap());
    let (cos, sin) = (angles.cos(), angles.sin());
    (&first * &cos - &second * &sin).concat(Half, &(&second * &cos + &first * &sin))
}

fn angles() -> Tensor<(Positions, Half)> {
    count((Positions,)).expand(Half).transpose(Half, Positions) * Tensor::from_nested((Half,), [1.0, 0.1])
}

fn main() {
    // The query stands at position 3, behind a cache of 3.
    let angles = angles().narrow(Positions, 0, New).unwrap();
    let turned = rotate(&wave((New, Times(U2, Half))), &angles);
    assert_close(&turned, &[0.841471, 0.909297, 0.14112, -0.756802]);
}
