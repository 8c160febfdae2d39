use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; }

fn heads<E: Dense, H: Dense, D: Dense>(x: &Tensor<(Batch, Seq, E)>, heads: H, dim: D) -> Result<Tensor<(Batch, H, Seq, D)>, Error> {
    let (_, _, embed) = x.shape();
    Ok(x.relabel_by(Equal::check(embed, Times(heads, dim))?).split_heads())
}

fn main() {
    let x = Tensor::ones((Batch, Seq, Embed));
    assert!(heads(&x, Heads, HeadDim).is_ok());
    let error = heads(&x, Heads, Seq).unwrap_err();
    assert_eq!(error.to_string(), "`Embed` (12) and `Times<Heads, Seq>` (15) are different sizes");
    let nested = Times(Times(Batch, Heads), HeadDim);
    let x = Tensor::ones((nested,)).relabel_by(Equal::regroup_times(nested));
    let y: Tensor<(Times<Times<Batch, Heads>, HeadDim>,)> = x.relabel_by(Equal::regroup_times(nested).flip());
    let known = Equal::known(Embed, Times(Heads, HeadDim)).times(Equal::same(Batch));
    let z: Tensor<(Times<Times<Heads, HeadDim>, Batch>,)> = Tensor::ones((Times(Embed, Batch),)).relabel_by(known);
    let sum = Plus(Plus(Batch, Heads), HeadDim);
    let w: Tensor<(Plus<Batch, Plus<Heads, HeadDim>>,)> = Tensor::ones((sum,)).relabel_by(Equal::regroup_plus(sum));
}
