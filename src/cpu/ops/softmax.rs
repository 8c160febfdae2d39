//! Softmax along an axis, and over the valid keys of attention scores.

use super::elementwise::rows_of_chunk;
use super::key_mask::Mask;
use super::scores::{Options, Scores};
use crate::backend::{Binary, Float, Real, Unary};
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, Operand, all_widened, calculate, generic, is_wide, write};
use crate::cpu::parallel::{ColumnsMut, for_each_chunk, for_each_columns};

/// The softmax along an axis, or its logarithm: of rows, a few at a time, or of columns where many numbers follow each.
fn along<T: Float>(x: Array<T>, axis: usize, logarithm: bool) -> Array<T> {
    /// Fewer numbers than this behind each of the axis are not worth the calls.
    const INNER: usize = 16;
    let (rank, size) = (x.sizes().len(), x.sizes()[axis]);
    if x.sizes()[axis + 1..].iter().product::<usize>() >= INNER && is_wide::<T>() {
        return columns(&x, axis, logarithm);
    }
    let moved = if axis + 1 == rank { x } else { x.move_last(axis) };
    let (chunk, of_rows) =
        (size * rows_of_chunk(size), if logarithm { generic::log_softmax } else { generic::softmax });
    let out = moved.transform(chunk, chunk * 16, |_, rows| calculate(rows, |rows| of_rows(rows, size)));
    if axis + 1 == rank { out } else { out.move_last_to(axis) }
}

/// The softmax along an axis that others follow, or its logarithm: nothing is transposed. The numbers are their own wide type.
fn columns<T: Float>(x: &Array<T>, axis: usize, logarithm: bool) -> Array<T> {
    /// The columns of a work item, whose elements stay in a cache.
    const COLUMNS: usize = 256;
    let (size, inner) = (x.sizes()[axis], x.sizes()[axis + 1..].iter().product::<usize>());
    let elements = x.elements();
    let elements = all_widened(&elements);
    Array::build(x.sizes(), |out| {
        for_each_chunk(out, size * inner, size * inner * 16, |outer, out| {
            let x = &elements[outer * size * inner..][..size * inner];
            write(out, |out| {
                for_each_columns(out, inner, 0..inner, COLUMNS, size * COLUMNS * 16, |out| {
                    softmax_columns(x, out, logarithm);
                });
            });
        });
    })
}

/// The softmax of each column, or its logarithm, by operations on the parts of rows.
fn softmax_columns<T: Real>(x: &[T], mut out: ColumnsMut<'_, T>, logarithm: bool) {
    /// Terms that are summed before their sum is added to the others: so the rounding error grows slowly.
    const BLOCK: usize = 32;
    let ([rows, row], columns) = (out.size(), out.columns());
    let part = |i: usize| &x[i * row..][columns.clone()];
    let mut largest = part(0).to_vec();
    for i in 1..rows {
        generic::binary(Binary::Max, InOut::in_place(&mut largest), Operand::Slice(part(i)), false);
    }
    let mut sums = vec![T::zero(); columns.len()];
    let (mut block, mut terms) = (sums.clone(), if logarithm { sums.clone() } else { Vec::new() });
    for i in 0..rows {
        let out = out.row(i, columns.clone());
        generic::binary(Binary::Sub, InOut::new(part(i), out), Operand::Slice(&largest), false);
        let terms = if logarithm {
            generic::unary(Unary::Exp, InOut::new(out, &mut terms));
            &terms[..]
        } else {
            generic::unary(Unary::Exp, InOut::in_place(out));
            &*out
        };
        generic::binary(Binary::Add, InOut::in_place(&mut block), Operand::Slice(terms), false);
        if (i + 1) % BLOCK == 0 || i + 1 == rows {
            generic::binary(Binary::Add, InOut::in_place(&mut sums), Operand::Slice(&block), false);
            block.fill(T::zero());
        }
    }
    let last = if logarithm {
        generic::unary(Unary::Ln, InOut::in_place(&mut sums));
        Binary::Sub
    } else {
        generic::binary(Binary::Div, InOut::in_place(&mut sums), Operand::Scalar(T::one()), true);
        Binary::Mul
    };
    (0..rows).for_each(|i| {
        generic::binary(last, InOut::in_place(out.row(i, columns.clone())), Operand::Slice(&sums), false);
    });
}

pub fn softmax<T: Float>(x: Array<T>, axis: usize) -> Array<T> {
    along(x, axis, false)
}

pub fn log_softmax<T: Float>(x: Array<T>, axis: usize) -> Array<T> {
    along(x, axis, true)
}

pub fn masked_softmax<T: Float>(scores: Array<T>, mask: &Mask) -> Array<T> {
    let &[batch, heads, queries, keys] = scores.sizes() else { panic!("scores are (batch, heads, queries, keys)") };
    let of_mask = Scores::new(mask, Options::<T>::scaled(1.0), [batch, heads, queries, keys]);
    let rows = rows_of_chunk(keys);
    scores.transform(rows * keys, rows * keys * 16, |chunk, scores| {
        calculate(scores, |scores| {
            for (row, scores) in (chunk * rows..).zip(scores.chunks(keys)) {
                let place = [row / queries / heads, row / queries % heads, row % queries];
                of_mask.softmax(place, 0, scores.copied());
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::super::reduce;
    use super::*;
    use crate::cpu::testing::{assert_near, random};

    #[test]
    fn softmax_agrees_with_its_definition() {
        let x = random::<f64>(&[3, 4, 5], 1);
        for axis in 0..3 {
            let sums = reduce::reduce(crate::backend::Reduce::Sum, &softmax(x.clone(), axis), axis);
            assert_near(&sums, &vec![1.0; sums.elements().len()], 1e-12);
            let logs: Vec<f64> = softmax(x.clone(), axis).elements().iter().map(|x| x.ln()).collect();
            assert_near(&log_softmax(x.clone(), axis), &logs, 1e-12);
        }
        let row: Vec<f64> = x.elements()[..5].iter().map(|x| x.exp()).collect();
        let expected: Vec<f64> = row.iter().map(|x| x / row.iter().sum::<f64>()).collect();
        assert_near(&softmax(x.narrow(0, 0, 1).narrow(1, 0, 1), 2), &expected, 1e-12);
    }

    #[test]
    fn columns_are_as_rows() {
        for sizes in if cfg!(miri) { [[1, 3, 17], [2, 1, 16]] } else { [[2, 70, 300], [3, 1, 16]] } {
            let mut elements = random::<f32>(&sizes, 2).elements().into_owned();
            let inner = sizes[2];
            // A column of infinities that are masked, one with a single number, and one with none.
            (0..sizes[1]).for_each(|row| elements[row * inner + 3] = f32::NEG_INFINITY);
            elements[5] = f32::NAN;
            elements[7] = f32::NEG_INFINITY;
            let x = Array::from_vec(elements, &sizes);
            for f in [softmax, log_softmax] {
                let (found, expected) = (f(x.clone(), 1), f(x.permute(&[0, 2, 1]).unshared(), 2).permute(&[0, 2, 1]));
                for (found, expected) in found.elements().iter().zip(&*expected.elements()) {
                    let near = (found - expected).abs() <= 1e-6 * (1.0 + expected.abs());
                    assert!(near || found == expected || found.is_nan() && expected.is_nan(), "{found} for {expected}");
                }
            }
        }
    }

    #[test]
    fn large_scores_do_not_overflow() {
        let x = Array::from_vec(vec![1e30f32, 1e30, -1e30], &[3]);
        assert_eq!(*softmax(x.clone(), 0).elements(), [0.5, 0.5, 0.0]);
        assert_near(&log_softmax(Array::from_vec(vec![1e8f32, 1e8], &[2]), 0), &[-(2f64.ln()); 2], 1e-6);
        assert_eq!(softmax(Array::<f32>::from_vec(vec![], &[2, 0]), 1).sizes(), [2, 0]);
    }
}
