use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; Embed = Heads * HeadDim; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let _heads = x.split_heads();
}
