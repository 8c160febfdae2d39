use congruent::prelude::*;

dims! { Batch = 2; Windows = 2; Seq = 3; }

fn main() {
    let lengths = Lengths::new(Batch, Times(Windows, Ragged(Seq)), &[2, 3]);
}
