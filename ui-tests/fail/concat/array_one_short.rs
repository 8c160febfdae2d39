//! Three parts are taken as two.
use congruent::prelude::*;
dims! { Batch = 2; Parts = 3; Embed = 4; }

fn main() {
    let x = Tensor::ones((Batch, Parts, Embed));
    let [query, key] = x.unstack(Parts).into_array();
}
