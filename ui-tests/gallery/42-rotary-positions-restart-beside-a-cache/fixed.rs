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
    let angles = angles().narrow(Positions, 3, New).unwrap();
    let turned = rotate(&wave((New, Times(U2, Half))), &angles);
    assert_close(&turned, &[-0.852965, 1.09234, -0.0209594, -0.454285]);
}
