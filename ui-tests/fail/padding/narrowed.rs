use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Past = 2; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    let first = x.narrow(Ragged(Seq), 0, Past);
}
