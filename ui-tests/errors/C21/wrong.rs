use congruent::{Tensor, dims, rearrange};

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; Embed = Heads * HeadDim; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let _heads = rearrange!(x, "b s (h d) -> b h s d");
}
