use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (q, k, v) = (wave::<Rank3<1, 3, 2>>(), wave::<Rank3<1, 5, 2>>(), wave::<Rank3<1, 4, 2>>());
    attend(q, k, v, dev.zeros());
}
