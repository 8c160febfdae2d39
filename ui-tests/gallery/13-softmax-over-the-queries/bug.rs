use congruent::{At, Tensor, dims, einsum};

dims! { Batch = 1; Seq = 3; Heads = 2; HeadDim = 4; }

type Projected = Tensor<(Batch, Seq, Heads, HeadDim)>;

fn attend(q: &Projected, k: &Projected, v: &Projected) -> Projected {
    let scores = einsum!("b i h d, b j h d -> b i j h", q, k);
    einsum!("b i j h, b j h d -> b i h d", scores.softmax(At::<1>), v)
}

fn main() {}
