use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let (x, angle) = (wave::<Rank4<1, 1, 2, 5>>(), wave::<Rank2<2, 2>>().broadcast::<Rank4<1, 1, 2, 2>, Axes2<0, 1>>());
    let (first, second) = (x.clone().slice((.., .., .., ..2)).realize(), x.slice((.., .., .., 2..)).realize());
    let _ = first * angle.clone().cos() - second * angle.sin();
}
