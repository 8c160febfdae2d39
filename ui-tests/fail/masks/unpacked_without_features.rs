//! Ids of tokens are not vectors: there is no third dimension.
use congruent::prelude::*;

dims! { Batch = 1; Other = 1; Seq = 4; Embed = 8; Texts = 2; }

fn main() {
    let segments = Segments::new(Batch, Packed(Seq), &[[1, 3]]).unwrap();
    segments.unpack(&Tensor::ones((Batch, Packed(Seq))), Texts, Ragged(Seq));
}
