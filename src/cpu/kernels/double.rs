//! Products of `f64`, by the `matrixmultiply` crate.

use super::matrix::{Matrix, even_rows, is_nonempty_product, partition_rows};

/// The product of `a (m, k)` and `b (k, n)`, into the row-major `c (m, n)`.
pub fn multiply(size: [usize; 3], a: Matrix<'_, f64>, b: Matrix<'_, f64>, c: &mut [f64]) {
    let [_, k, n] = size;
    if !is_nonempty_product(size, a, b, c) {
        return c.fill(0.0);
    }
    // The stride of an axis of size 1 may be anything, and is not used.
    let stride = |size: usize, stride: usize| if size == 1 { 0 } else { stride as isize };
    partition_rows(even_rows(size), a, c, |_, a, c| {
        let m = c.len() / n;
        let [ars, acs] = [stride(m, a.strides[0]), stride(k, a.strides[1])];
        let [brs, bcs] = [stride(k, b.strides[0]), stride(n, b.strides[1])];
        let (a, b) = (a.elements.as_ptr(), b.elements.as_ptr());
        // SAFETY: `is_nonempty_product` asserts that every element of the matrices lies inside its slice, and `c` is
        // borrowed mutably, so that it overlaps neither `a` nor `b`.
        unsafe {
            matrixmultiply::dgemm(m, k, n, 1.0, a, ars, acs, b, brs, bcs, 0.0, c.as_mut_ptr(), n as isize, 1);
        }
    });
}
