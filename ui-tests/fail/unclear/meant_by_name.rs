//! What the compiler cannot tell is not told by a type of the library either: it has no path.
use congruent::prelude::*;
dims! { Batch = 2; Heads = 2; Seq = 3; }

fn main() {
    let scores = Tensor::ones((Batch, Heads, Seq, Seq));
    let _weights = scores.softmax::<_, _, _, _, congruent::shape::OneAxis>(At::<2>);
}
