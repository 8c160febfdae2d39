use congruent::fuse;
use congruent::prelude::*;

dims! { Embed = 8; }

fn main() {
    let x = Tensor::ones((Embed,));
    let _ = fuse(&x, |outer| {
        let _ = fuse(&x, |inner| outer * inner);
        outer
    });
}
