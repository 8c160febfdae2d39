use congruent::prelude::*;

dims! { Batch = 2; Other = 3; Seq = 5; Embed = 12; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let y = Tensor::ones((Other, Embed, Seq));
    let z = x.matmul(&y);
}
