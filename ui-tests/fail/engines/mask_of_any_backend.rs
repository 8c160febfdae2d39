//! In generic code, a mask has to be one of the engine.

use congruent::backend::Float;
use congruent::mask::Mask;
use congruent::prelude::*;

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }

type Heads4<B> = Tensor<(Batch, Heads, Seq, HeadDim), B>;

fn attend<B: Backend<Elem: Float>>(x: &Heads4<B>, mask: &impl Mask<Batch, Seq, Seq>) -> Heads4<B> {
    attention(x, x, x, mask)
}

fn main() {}
