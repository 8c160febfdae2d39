use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (q, k) = (wave::<Rank4<1, 1, 2, 2>>(), wave::<Rank4<1, 1, 4, 2>>()); // a chunk of 2, behind 2 of the cache
    let bias = dev.tensor([0.0, f32::NEG_INFINITY]); // of the chunk, the first is live
    let bias: T<Rank4<1, 1, 2, 2>> = bias.broadcast::<_, Axes3<0, 1, 2>>();
    attend_heads(q, k.clone(), k, bias);
}
