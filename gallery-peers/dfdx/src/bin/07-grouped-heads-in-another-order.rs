use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (q, k) = (wave::<Rank4<1, 4, 2, 2>>(), wave::<Rank4<1, 2, 3, 2>>()); // 4 query heads share 2 key heads: 0 0 1 1
    let right = k.clone().broadcast::<Rank5<1, 2, 2, 3, 2>, Axis<2>>().reshape::<Rank4<1, 4, 3, 2>>();
    let wrong = k.broadcast::<Rank5<1, 2, 2, 3, 2>, Axis<1>>().reshape::<Rank4<1, 4, 3, 2>>();
    let got = attend_heads(q.clone(), wrong.clone(), wrong, dev.zeros());
    report(got, attend_heads(q, right.clone(), right, dev.zeros()));
}
