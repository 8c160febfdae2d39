//! Gradients of products of matrices, which are products themselves.

use super::super::array::Array;
use super::super::{matmul, reduce::reduce};
use super::operation::Addends;
use crate::backend::{Float, Reduce};

/// The last two axes exchanged.
fn transposed<T: Float>(x: &Array<T>) -> Array<T> {
    let rank = x.sizes().len();
    let mut order: Vec<usize> = (0..rank).collect();
    order.swap(rank - 2, rank - 1);
    x.permute(&order)
}

/// All axes but the last one as one.
fn as_rows<T: Float>(x: &Array<T>) -> Array<T> {
    let size = *x.sizes().last().expect("a last axis");
    let rows = x.sizes()[..x.sizes().len() - 1].iter().product();
    x.reshape(&[rows, size])
}

/// `gradient · yᵀ` and `xᵀ · gradient`; where `y` is one matrix for all, the latter of all rows at once.
pub fn matmul<T: Float>(x: &Array<T>, y: &Array<T>, gradient: &Array<T>, wanted: &[bool]) -> Vec<Option<Array<T>>> {
    let of_x = wanted[0].then(|| matmul::matmul(gradient, &transposed(y)));
    let of_y = wanted[1].then(|| match y.sizes().len() < x.sizes().len() {
        true => matmul::matmul(&transposed(&as_rows(x)), &as_rows(gradient)),
        false => matmul::matmul(&transposed(x), gradient),
    });
    vec![of_x, of_y]
}

/// Of `x · weightᵀ + bias + residual`: of each of them that there is.
pub fn linear<T: Float>(
    x: &Array<T>,
    weight: &Array<T>,
    addends: Addends,
    gradient: Array<T>,
    wanted: &[bool],
) -> Vec<Option<Array<T>>> {
    let of_x = wanted[0].then(|| matmul::matmul(&as_rows(&gradient), weight).reshape(x.sizes()));
    let of_weight = wanted[1].then(|| matmul::matmul(&transposed(&as_rows(&gradient)), &as_rows(x)));
    let mut found = vec![of_x, of_weight];
    if addends.bias {
        found.push(wanted[2].then(|| reduce(Reduce::Sum, &as_rows(&gradient), 0)));
    }
    if addends.residual {
        found.push(Some(gradient));
    }
    found
}
