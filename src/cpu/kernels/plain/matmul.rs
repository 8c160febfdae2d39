//! Products of matrices.

use crate::backend::{Binary, Number};
use crate::cpu::kernels::matrix::{Matrix, even_rows, is_nonempty_product, partition_rows};
use std::borrow::Cow;

/// The product of `a (m, k)` and `b (k, n)`, into the row-major `c (m, n)`.
pub fn multiply<T: Number>(size: [usize; 3], a: Matrix<'_, T>, b: Matrix<'_, T>, c: &mut [T]) {
    c.fill(T::zero());
    if !is_nonempty_product(size, a, b, c) {
        return;
    }
    let [_, k, n] = size;
    // The inner loop needs the rows of `b` one after another.
    let (rows, stride) = if b.strides[1] == 1 {
        (Cow::Borrowed(b.elements), b.strides[0])
    } else {
        let mut rows = vec![T::zero(); k * n];
        // A few columns at a time, so that neither side is read or written with long gaps only.
        for first in (0..n).step_by(16) {
            for (l, row) in rows.chunks_mut(n).enumerate() {
                for (j, x) in row.iter_mut().enumerate().skip(first).take(16) {
                    *x = b.elements[l * b.strides[0] + j * b.strides[1]];
                }
            }
        }
        (Cow::Owned(rows), n)
    };
    partition_rows(even_rows(size), a, c, |_, a, c| {
        for (i, c) in c.chunks_mut(n).enumerate() {
            for l in 0..k {
                let x = a.elements[i * a.strides[0] + l * a.strides[1]];
                for (c, &y) in c.iter_mut().zip(&rows[l * stride..][..n]) {
                    *c = T::binary(Binary::Add, *c, T::binary(Binary::Mul, x, y));
                }
            }
        }
    });
}
