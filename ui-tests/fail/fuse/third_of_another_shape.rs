use congruent::fuse;
use congruent::prelude::*;

dims! { Batch; Seq = 5; Embed = 8; }

fn main() {
    bind!(batch: Batch = 2, other: Batch = 2);
    let x = Tensor::ones((batch, Embed));
    let bias = Tensor::ones((Embed,));
    let residual = Tensor::ones((other, Embed));
    let z = fuse((&x, &bias, &residual), |x, b, r| r + (x + b).gelu());
}
