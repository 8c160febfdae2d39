use congruent::fuse;
use congruent::prelude::*;

dims! { Embed = 8; }

fn main() {
    let x = Cpu::<i32>::ones((Embed,));
    let y = fuse(&x, |x| x * 2);
}
