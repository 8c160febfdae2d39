use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (x, table) = (dev.zeros::<Rank3<1, 3, 2>>(), arange::<Rank2<16, 2>>());
    let position: T<Rank1<2>> = table.clone().select(dev.tensor(3));
    let first: T<Rank2<3, 2>> = table.slice((..3, ..)).realize();
    report(x.clone() + position.broadcast(), x + first.broadcast());
}
