use dfdx::prelude::*;
use gallery_dfdx::*;

type Cache = (Const<1>, usize, Const<2>);

fn main() {
    let dev = Cpu::default();
    let (past, q) = (wave::<Rank3<1, 3, 2>>().realize::<Cache>(), wave::<Rank3<1, 2, 2>>());
    let new = (wave::<Rank3<1, 2, 2>>() * 2.0).realize::<Cache>();
    let bias = dev.upper_tri::<Rank3<1, 2, 5>>(f32::NEG_INFINITY, 4); // queries are the last 2 of 5 keys
    let wrong: T<Rank3<1, 5, 2>> = (new.clone(), past.clone()).concat_along(Axis::<1>).realize();
    let right: T<Rank3<1, 5, 2>> = (past, new).concat_along(Axis::<1>).realize();
    let got = attend(q.clone(), wrong.clone(), wrong, bias.clone());
    report(got, attend(q, right.clone(), right, bias));
}
