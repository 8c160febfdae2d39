use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; }

fn product<A: Dim, B: Dim, C: Dim, D: Dim>(x: &Tensor<(A, B)>, y: &Tensor<(C, D)>) {
    let z = x.matmul(y);
}

fn main() {
    product(&Tensor::ones((Batch, Seq)), &Tensor::ones((Seq, Batch)));
}
