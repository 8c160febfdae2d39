use congruent::prelude::*;

dims! { Seq = 5; }

fn main() {
    let dense = Equal::check(Ragged(Seq), Seq);
}
