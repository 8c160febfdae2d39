use congruent::prelude::*;

dims! { Batch = 2; Embed = 8; Seq; }

fn main() {
    let lengths = Lengths::new(Batch, Ragged(Seq), &[2, 1]).unwrap();
    let valid = lengths.total();
}
