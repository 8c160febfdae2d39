use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    // 4 samples without a condition, and with it.
    let (without, with) = (arange::<Rank2<4, 1>>(), arange::<Rank2<4, 1>>() + 100.0);
    let doubled = (without.realize::<(usize, Const<1>)>(), with.realize::<(usize, Const<1>)>()).concat_along(Axis::<0>);
    let doubled: T<Rank2<8, 1>> = doubled.realize();
    let sample = 1;
    let got: T<Rank2<2, 1>> = doubled.clone().slice((2 * sample..2 * sample + 2, ..)).realize();
    report(got, doubled.gather(dev.tensor([sample, sample + 4])));
}
