use dfdx::prelude::*;
use gallery_dfdx::*;

type Tokens = (Const<1>, usize, Const<2>);

fn main() {
    let dev = Cpu::default();
    let (patches, token) = (dev.zeros::<Rank3<1, 3, 2>>(), dev.zeros::<Rank3<1, 1, 2>>().realize::<Tokens>());
    let positions = arange::<Rank2<16, 2>>() + 1.0;
    let first: T<Rank2<3, 2>> = positions.clone().slice((..3, ..)).realize();
    let placed = patches.clone() + first.broadcast::<_, Axis<0>>();
    let got: T<Rank3<1, 4, 2>> = (token.clone(), placed.realize::<Tokens>()).concat_along(Axis::<1>).realize();
    let tokens: T<Rank3<1, 4, 2>> = (token, patches.realize::<Tokens>()).concat_along(Axis::<1>).realize();
    let first: T<Rank2<4, 2>> = positions.slice((..4, ..)).realize();
    report(got, tokens + first.broadcast::<_, Axis<0>>());
}
