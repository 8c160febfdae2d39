use congruent::fuse;
use congruent::prelude::*;

dims! { Batch = 2; Embed = 8; Hidden = 32; }

fn main() {
    let (gate, up) = (Tensor::ones((Batch, Hidden)), Tensor::ones((Batch, Embed)));
    let y = fuse((&gate, &up), |gate, up| gate.silu() * up);
}
