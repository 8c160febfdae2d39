use congruent::{Tensor, dims};

dims! { Batch = 1; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let one_text = Tensor::ones((Heads, Seq, HeadDim));
    let merged = one_text.expand(Batch).merge_heads();
    assert_eq!(merged.sizes(), [1, 5, 12]);
}
