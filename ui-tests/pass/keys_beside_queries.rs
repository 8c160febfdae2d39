use congruent::dim::Keys;
use congruent::prelude::*;

dims! { Batch; Seq; Heads = 2; HeadDim = 4; }

fn by_hand<B: Dense, S: Dense>(
    q: &Tensor<(B, Heads, S, HeadDim)>,
    k: &Tensor<(B, Heads, S, HeadDim)>,
    v: &Tensor<(B, Heads, S, HeadDim)>,
) -> Tensor<(B, Heads, S, HeadDim)> {
    let seq = q.dim(At::<2>);
    let [k, v] = [k, v].map(|x| x.relabel_by(Equal::keys(seq)));
    let scores = einsum!("b h i d, b h j d -> b h i j", q, k) * 0.5;
    einsum!("b h i j, b h j d -> b h i d", scores.softmax(Keys(seq)), v)
}

fn main() {
    bind!(batch: Batch = 3, seq: Seq = 5);
    let x = Tensor::uniform((batch, Heads, seq, HeadDim), -1.0..1.0, &mut Rng::with_seed(1));
    let difference = by_hand(&x, &x, &x) - attention(&x, &x, &x, &Full);
    assert!(difference.to_vec().iter().all(|x| x.abs() < 1e-6));
}
