//! `faer`: matrix products alone.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use peers::{each_case, threads};

fn main() {
    let parallelism = match threads() {
        1 => Par::Seq,
        threads => Par::rayon(threads),
    };
    // `b` is [K, N], or its transpose.
    let product = |[m, k, n]: [usize; 3], a: &[f32], b: &[f32], transposed: bool, c: &mut [f32]| {
        let b = match transposed {
            true => MatRef::from_column_major_slice(b, k, n),
            false => MatRef::from_row_major_slice(b, k, n),
        };
        let (a, c) = (MatRef::from_row_major_slice(a, m, k), MatMut::from_row_major_slice_mut(c, m, n));
        matmul(c, Accum::Replace, a, b, 1.0, parallelism);
    };
    each_case(|bench| peers::products(bench, product));
}
