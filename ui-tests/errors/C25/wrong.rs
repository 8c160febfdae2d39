use congruent::{Tensor, dims};

dims! { Batch = 1; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let one_text = Tensor::ones((Heads, Seq, HeadDim));
    let _merged = one_text.merge_heads();
}
