use congruent::prelude::*;

dims! { Batch = 2; }

fn lengths<S: Dim>(seq: S, lengths: &[usize]) -> Result<Lengths<Batch, S>, Error> {
    Lengths::new(Batch, seq, lengths)
}

fn main() {}
