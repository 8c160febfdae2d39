// Halves of one name are taken by number where each is taken as a whole, and in generic code.

use congruent::prelude::*;

dims! { Batch = 2; Ffn = 3; }

fn gated(both: &Tensor<(Batch, Plus<Ffn, Ffn>)>) -> Result<Tensor<(Batch, Ffn)>, Error> {
    let gate = both.narrow(Plus(Ffn, Ffn), Ffn.size(), Ffn)?;
    Ok(both.narrow(Plus(Ffn, Ffn), 0, Ffn)? * gate.sigmoid())
}

fn first<S: Dense, B: Dim>(s: S, x: &Tensor<(B, S)>) -> Result<Tensor<(B,)>, Error> {
    x.at(s, 0)
}

fn main() -> Result<(), Error> {
    let both = Tensor::ones((Batch, Plus(Ffn, Ffn)));
    assert_eq!(gated(&both)?.sizes(), [2, 3]);
    assert_eq!(first(Plus(Ffn, Ffn), &both)?.sizes(), [2]);
    Ok(())
}
