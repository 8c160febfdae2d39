use congruent::{At, Tensor, dims, einsum};

dims! { Batch = 1; Heads = 2; Seq = 3; HeadDim = 4; }

fn log_weights(q: &Tensor<(Batch, Heads, Seq, HeadDim)>) -> Tensor<(Batch, Heads, Seq, Seq)> {
    einsum!("b h i d, b h j d -> b h i j", q, q).log_softmax(At::<2>).into_tensor()
}

fn main() {}
