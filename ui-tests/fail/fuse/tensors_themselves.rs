use congruent::fuse;
use congruent::prelude::*;

dims! { Embed = 8; }

fn main() {
    let (x, y) = (Tensor::ones((Embed,)), Tensor::ones((Embed,)));
    let z = fuse((x, y), |x, y| x * y);
}
