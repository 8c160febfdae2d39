//! Losses of one batch, and the texts of another.
use congruent::mask::Segments;
use congruent::prelude::*;

dims! { Batch = 2; Other = 2; Seq = 3; }

fn mean(segments: &Segments<Batch, Packed<Seq>>, losses: &Tensor<(Other, Packed<Seq>)>) {
    segments.mean(losses);
}

fn main() {}
