use dfdx::prelude::*;
use gallery_dfdx::*;

/// A convolution of width 3 over time of (channels, time).
fn convolve<const C: usize>(kernel: [T<Rank2<1, C>>; 3], x: T<Rank2<C, 4>>) -> T<Rank2<1, 2>> {
    let [a, b, c] = kernel;
    let part = |from: usize| x.clone().slice((.., from..from + 2)).realize::<Rank2<C, 2>>();
    a.matmul(part(0)) + b.matmul(part(1)) + c.matmul(part(2))
}

fn main() {
    let x = wave::<Rank2<2, 4>>().permute::<Rank2<4, 2>, _>();
    convolve([(); 3].map(|()| wave::<Rank2<1, 2>>()), x);
}
