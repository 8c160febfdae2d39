use congruent::prelude::*;
use congruent::{Sliding, Tensor, dims};

dims! { Mels = 80; Hidden = 64; Kernel = 3; }

fn same<B: Dim, T: Dense>(x: &Tensor<(B, Mels, T)>, weight: &Tensor<(Hidden, Mels, Kernel)>) -> Tensor<(B, Hidden, T)> {
    x.conv(weight, None, x.dim(At::<2>), Sliding::default().padding(N::<1>))
}

fn main() {}
