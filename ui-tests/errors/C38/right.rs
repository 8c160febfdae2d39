use congruent::{At, Tensor, dims, einsum};

dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }

fn main() {
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let scores = einsum!("b h i d, b h j d -> b h i j", x, x);
    let weights = scores.softmax(At::<3>);
    assert_eq!(weights.to_vec(), [0.2; 2 * 3 * 5 * 5]);
}
