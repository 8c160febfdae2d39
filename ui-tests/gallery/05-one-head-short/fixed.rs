use congruent::{Each, Tensor, Times, dims};

dims! { Batch = 1; Seq = 2; Heads = 3; HeadDim = 2; }

fn main() {
    let heads = [1.0, 2.0, 3.0].map(|value| Tensor::full((Batch, Seq, HeadDim), value));
    let merged: Tensor<(Batch, Seq, Times<Heads, HeadDim>)> = Tensor::concat_heads(Heads, &Each::new(Heads, heads));
    assert_eq!(merged.to_vec(), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0].repeat(2));
}
