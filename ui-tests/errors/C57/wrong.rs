use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let _heads = x.view((Batch, Seq, Heads, HeadDim)).transpose(Seq, Heads);
}
