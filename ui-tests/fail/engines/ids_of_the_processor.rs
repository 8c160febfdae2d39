//! In generic code, ids are of the engine too.

use congruent::backend::Float;
use congruent::prelude::*;

dims! { Batch = 2; Vocab = 10; Embed = 4; }

fn rows<B: Backend<Elem: Float>>(table: &Tensor<(Vocab, Embed), B>, ids: &Ids<(Batch,), Vocab>) -> Tensor<(Batch, Embed), B> {
    table.lookup(ids)
}

fn main() {}
