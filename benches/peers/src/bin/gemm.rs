//! `gemm`: matrix products alone.

use gemm::Parallelism;
use peers::{each_case, threads};

fn main() {
    let parallelism = match threads() {
        1 => Parallelism::None,
        threads => Parallelism::Rayon(threads),
    };
    // `b` is [K, N], or its transpose.
    let product = |[m, k, n]: [usize; 3], a: &[f32], b: &[f32], transposed: bool, c: &mut [f32]| {
        assert!(a.len() == m * k && b.len() == k * n && c.len() == m * n);
        let (column, row) = if transposed { (k, 1) } else { (1, n) };
        // SAFETY: the matrices have these sizes and strides, and `c` is no part of the others.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                c.as_mut_ptr(),
                1,
                n as isize,
                false,
                a.as_ptr(),
                1,
                k as isize,
                b.as_ptr(),
                column as isize,
                row as isize,
                0.0f32,
                1.0f32,
                false,
                false,
                false,
                parallelism,
            );
        }
    };
    each_case(|bench| peers::products(bench, product));
}
