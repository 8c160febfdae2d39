//! The padding of the past is in the middle.
use congruent::prelude::*;

dims! { Batch = 2; Past = 3; Chunk = 2; }

fn main() {
    let lengths = Lengths::new(Batch, Plus(Ragged(Past), Ragged(Chunk)), &[2, 3]);
}
