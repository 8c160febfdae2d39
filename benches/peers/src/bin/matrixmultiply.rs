//! `matrixmultiply`: matrix products alone. It takes the number of threads from `MATMUL_NUM_THREADS`.

use peers::each_case;

fn main() {
    // `b` is [K, N], or its transpose.
    let product = |[m, k, n]: [usize; 3], a: &[f32], b: &[f32], transposed: bool, c: &mut [f32]| {
        assert!(a.len() == m * k && b.len() == k * n && c.len() == m * n);
        let (row, column) = if transposed { (1, k) } else { (n, 1) };
        let (a, b, row, column) = (a.as_ptr(), b.as_ptr(), row as isize, column as isize);
        // SAFETY: the matrices have these sizes and strides, and `c` is no part of the others.
        unsafe {
            matrixmultiply::sgemm(m, k, n, 1.0, a, k as isize, 1, b, row, column, 0.0, c.as_mut_ptr(), n as isize, 1);
        }
    };
    each_case(|bench| peers::products(bench, product));
}
