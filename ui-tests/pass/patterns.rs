use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; }

fn main() {
    let x = Tensor::from_fn((Batch, Seq, Times(Heads, HeadDim)), |[b, s, e]| (b * 100 + s * 20 + e) as f32);
    let heads: Tensor<(Batch, Heads, Seq, HeadDim)> = rearrange!(x, "b s (h d) -> b h s d");
    assert_eq!(heads.to_vec(), x.split_heads().to_vec());
    let back = rearrange!(&heads, "b h s d -> b s (h d)");
    assert_eq!(back.to_vec(), x.to_vec());
    let nested: Tensor<(Times<Times<Batch, Seq>, Times<Heads, HeadDim>>,)> = rearrange!(x, "b s e -> ((b s) e)");
    let flat: Tensor<(Times<Times<Times<Batch, Seq>, Heads>, HeadDim>,)> = rearrange!(x, "b s (h d) -> (b s h d)");
    assert_eq!(flat.to_vec(), x.to_vec());
    let total: Tensor<()> = einsum!("b s e ->", x);
    assert_eq!(total.scalar(), x.to_vec().iter().sum::<f32>());
    let outer: Tensor<(Seq, Batch)> = einsum!("b, s -> s b", Tensor::ones((Batch,)), Tensor::ones((Seq,)));
}
