use congruent::{Tensor, custom, dims, einsum};

dims! { Batch = 2; In = 3; Out = 4; }

fn main() {
    let (x, weight) = (Tensor::ones((Batch, In)).tracked(), Tensor::ones((In, Out)).tracked());
    custom(
        (&x, &weight),
        |(x, weight)| (x.matmul(&weight), (x, weight)),
        |(x, weight), gradient| {
            (einsum!("b i, b o -> i o", x, gradient), einsum!("b o, i o -> b i", gradient, weight))
        },
    );
}
