use congruent::{Tensor, dims, einsum};

dims! { Batch = 2; In = 3; Rank = 2; Other = 2; Out = 4; }

fn main() {
    let x = Tensor::ones((Batch, In));
    let (down, up) = (Tensor::ones((In, Rank)), Tensor::ones((Other, Out)));
    let _y = einsum!("b i, i r, r o -> b o", x, down, up);
}
