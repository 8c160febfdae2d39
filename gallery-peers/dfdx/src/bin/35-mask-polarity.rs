use dfdx::prelude::*;
use gallery_dfdx::*;

/// Where the mask is true, the key is attended to.
fn masked(x: T<Rank4<1, 1, 3, 2>>, mask: Tensor<Rank1<3>, bool, Cpu>) -> T<Rank4<1, 1, 3, 2>> {
    let hidden = Cpu::default().zeros::<Rank1<3>>() + f32::NEG_INFINITY;
    let bias = mask.choose(Cpu::default().zeros(), hidden);
    attend_heads(x.clone(), x.clone(), x, bias.broadcast::<_, Axes3<0, 1, 2>>())
}

fn main() {
    let dev = Cpu::default();
    let x = wave::<Rank4<1, 1, 3, 2>>();
    let padding = dev.tensor([false, false, true]); // true is padding
    report(masked(x.clone(), padding.clone()), masked(x, !padding));
}
