use congruent::fuse;
use congruent::prelude::*;

dims! { Embed = 8; }

fn main() {
    let x = Tensor::ones((Embed,));
    let y = Cpu::<f64>::ones((Embed,));
    let z = fuse((&x, &y), |x, y| x * y);
}
