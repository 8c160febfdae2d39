use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; Seq2; }

fn scaled<B: Dim, S: Dim>(x: &Tensor<(B, S, HeadDim)>, scale: &Tensor<(HeadDim,)>) -> Tensor<(B, S, HeadDim)> {
    einsum!(".. d, d -> .. d", x, scale)
}

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

    // The rest, beside a letter of that name, and of six tensors.
    let x = Tensor::from_fn((Batch, Seq, HeadDim), |[b, s, d]| (b * 20 + s * 4 + d) as f32);
    let scale = Tensor::from_fn((HeadDim,), |[d]| d as f32);
    assert_eq!(scaled(&x, &scale).to_vec(), (&x * &scale).to_vec());
    let last: Tensor<(Seq, HeadDim, Batch)> = einsum!("rest .. -> .. rest", x);
    assert_eq!(last.to_vec(), einsum!("b s d -> s d b", x).to_vec());
    let y: Tensor<(Batch, Seq, HeadDim)> = einsum!(".. d, d, d, d, .. d, d -> .. d", x, scale, scale, scale, x, scale);
    assert_eq!(y.to_vec(), (&x * &x * (&scale * &scale * &scale * &scale)).to_vec());
    bind!(seq: Ragged<Seq2> = 3);
    let padded: Tensor<(Batch, _, HeadDim)> = einsum!(".. d, d -> .. d", Tensor::ones((Batch, seq, HeadDim)), scale);
    let whole: Tensor<(Batch, Heads, Seq, HeadDim)> = einsum!(".. -> ..", heads);
    assert_eq!(whole.to_vec(), heads.to_vec());
}
