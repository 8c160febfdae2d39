use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let x = wave::<Rank3<1, 3, 2>>();
    let bias = dev.tensor([0.0, 0.0, -1e9]); // the third key is padding
    let got = attend(x.clone(), x.clone(), x.clone(), bias.clone().broadcast::<_, Axes2<0, 2>>());
    report(got, attend(x.clone(), x.clone(), x, bias.broadcast::<_, Axes2<0, 1>>()));
}
