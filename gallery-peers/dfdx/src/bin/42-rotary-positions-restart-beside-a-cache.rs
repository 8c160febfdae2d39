use dfdx::prelude::*;
use gallery_dfdx::*;

type Half = (Const<1>, usize);

fn rotate(x: T<Rank2<1, 4>>, angle: T<Rank2<1, 2>>) -> T<Rank2<1, 4>> {
    let (cos, sin) = (angle.clone().cos(), angle.sin());
    let first: T<Rank2<1, 2>> = x.clone().slice((.., ..2)).realize();
    let second: T<Rank2<1, 2>> = x.slice((.., 2..)).realize();
    let left = first.clone() * cos.clone() - second.clone() * sin.clone();
    let right = second * cos + first * sin;
    (left.realize::<Half>(), right.realize::<Half>()).concat_along(Axis::<1>).realize()
}

fn main() {
    let dev = Cpu::default();
    let q = wave::<Rank2<1, 4>>(); // the query at position 3
    let angles: T<Rank2<8, 2>> = arange::<Rank1<8>>().matmul(dev.tensor([1.0, 0.1]));
    let (restarted, right) = (angles.clone().slice((0..1, ..)).realize(), angles.slice((3..4, ..)).realize());
    report(rotate(q.clone(), restarted), rotate(q, right));
}
