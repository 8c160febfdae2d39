use congruent::fuse;
use congruent::prelude::*;

dims! { Batch = 2; Hidden = 32; }

fn main() {
    let (gate, up) = (Tensor::ones((Batch, Hidden)), Tensor::ones((Batch, Hidden)));
    let y: Tensor<(Batch, Hidden)> = fuse((&gate, &up), |gate, up| gate.silu() * up);
}
