use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let image = arange::<Rank2<4, 4>>(); // (height, width), to be 4 patches of 2 by 2
    let right = image.clone().reshape::<Rank4<2, 2, 2, 2>>().permute::<_, Axes4<0, 2, 1, 3>>().reshape::<Rank2<4, 4>>();
    report(image.reshape::<Rank2<4, 4>>(), right);
}
