use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; }

fn weights<B: Dim, H: Dim, Q: Dim, K: Dense, D: Dense>(
    q: &Tensor<(B, H, Q, D)>,
    k: &Tensor<(B, H, K, D)>,
) -> Tensor<(B, H, Q, K)> {
    let scores = einsum!("b h q d, b h k d -> b h q k", q, k);
    let same = q.matmul(&k.transpose(At::<2>, At::<3>));
    (scores + same).softmax(At::<3>)
}

fn main() {
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    assert_eq!(weights(&x, &x).sizes(), [2, 3, 5, 5]);
}
