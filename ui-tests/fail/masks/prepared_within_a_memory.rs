use congruent::mask::PreparedMask;
use congruent::prelude::*;

dims! { Batch = 2; Answer = 5; Text = 7; }

fn main() {
    let mask: PreparedMask<Batch, Answer, Text> = PreparedMask::new(&Full, &Default::default());
    let local = mask.within(3);
}
