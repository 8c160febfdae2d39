use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Vocab = 100; }

fn main() {
    let padded = Padded::ids((Batch, Seq), Vocab, &[vec![1], vec![2, 3]], 0);
}
