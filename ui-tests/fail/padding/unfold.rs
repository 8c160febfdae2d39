use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Windows = 4; Size = 2; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Seq)));
    let windows = x.try_unfold(Ragged(Seq), Windows, Size, 1);
}
