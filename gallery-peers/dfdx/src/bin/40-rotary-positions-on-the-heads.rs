use dfdx::prelude::*;
use gallery_dfdx::*;

type Halves = Rank4<1, 2, 2, 2>;
type Half = (Const<1>, Const<2>, Const<2>, usize);

fn rotate(x: T<Rank4<1, 2, 2, 4>>, cos: T<Halves>, sin: T<Halves>) -> T<Rank4<1, 2, 2, 4>> {
    let first: T<Halves> = x.clone().slice((.., .., .., ..2)).realize();
    let second: T<Halves> = x.slice((.., .., .., 2..)).realize();
    let left = first.clone() * cos.clone() - second.clone() * sin.clone();
    let right = second * cos + first * sin;
    (left.realize::<Half>(), right.realize::<Half>()).concat_along(Axis::<3>).realize()
}

fn main() {
    let dev = Cpu::default();
    let x = wave::<Rank4<1, 2, 2, 4>>(); // (batch, sequence, heads, head_dim): 2 of each
    let angle: T<Rank2<2, 2>> = arange::<Rank1<2>>().matmul(dev.tensor([1.0, 0.1])); // (positions, head_dim / 2)
    let (cos, sin) = (angle.clone().cos(), angle.sin());
    let right = rotate(x.clone(), cos.clone().broadcast::<_, Axes2<0, 2>>(), sin.clone().broadcast::<_, Axes2<0, 2>>());
    report(rotate(x, cos.broadcast(), sin.broadcast()), right);
}
