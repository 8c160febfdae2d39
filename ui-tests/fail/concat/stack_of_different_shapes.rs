use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let (x, y) = (Tensor::ones((Seq, Embed)), Tensor::ones((Embed, Seq)));
    let z = Tensor::stack(Batch, &Each::new(Batch, [x, y]));
}
