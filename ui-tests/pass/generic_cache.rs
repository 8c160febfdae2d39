use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; Past = 2; }

/// A step of decoding: the new keys go behind the past ones.
fn step<B: Dim, H: Dim, P: Dense, S: Dense, D: Dense>(
    q: &Tensor<(B, H, S, D)>,
    past: &Tensor<(B, H, P, D)>,
    new: &Tensor<(B, H, S, D)>,
) -> Tensor<(B, H, S, D)> {
    let keys = past.concat(past.shape().2, new);
    attention(q, &keys, &keys, &Causal)
}

fn main() {
    let (new, past) = (Tensor::ones((Batch, Heads, Seq, HeadDim)), Tensor::ones((Batch, Heads, Past, HeadDim)));
    assert_eq!(step(&new, &past, &new).sizes(), [2, 3, 5, 4]);
}
