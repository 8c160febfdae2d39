use congruent::prelude::*;

dims! { Batch = 2; Other = 3; Seq = 5; Heads = 3; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Seq, HeadDim));
    let y = Tensor::ones((Other, Seq, HeadDim));
    let heads = Each::new(Heads, [x.clone(), x, y]);
}
