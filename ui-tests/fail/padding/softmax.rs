use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Keys = 7; Heads = 3; }

fn main() {
    let scores = Tensor::ones((Batch, Heads, Seq, Ragged(Keys)));
    let weights = scores.softmax(Ragged(Keys));
}
