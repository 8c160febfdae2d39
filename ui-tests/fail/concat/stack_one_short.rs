use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

fn main() {
    let x = Tensor::ones((Seq, Embed));
    let z = Tensor::stack(Batch, &Each::new(Batch, [x]));
}
