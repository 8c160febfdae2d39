use congruent::prelude::*;

dims! { Batch = 2; Text = 3; Suffix = 1; }

fn main() {
    let lengths = Lengths::new(Batch, Plus(Ragged(Text), Suffix), &[2, 3]);
}
