//! Elements and rows that ids name, taken and put.

use super::elementwise::positions;
use super::or_else;
use crate::backend::{ArrayOf, Backend, Binary, Compare, Number, Reduce, With};
use num_traits::Zero;

/// The sizes before, along and behind an axis.
pub(super) fn around(sizes: &[usize], axis: usize) -> [usize; 3] {
    [sizes[..axis].iter().product(), sizes[axis], sizes[axis + 1..].iter().product()]
}

/// See [`Backend::take_along`]: a gather of the flattened array.
pub fn take_along<B: Backend>(x: &ArrayOf<B>, axis: usize, ids: &ArrayOf<B, u32>) -> ArrayOf<B> {
    let [outer, size, inner] = around(B::sizes(x), axis);
    let sizes = With::<B, u32>::sizes(ids).to_vec();
    let flat = [outer, sizes[axis], inner];
    let first = |at: usize| u32::try_from(at / inner * size * inner + at % inner).expect("fewer than 2³² elements");
    let firsts = (0..outer * inner).map(first).collect();
    let firsts = With::<B, u32>::from_elements(firsts, &[outer, 1, inner], &B::device(x));
    let apart = u32::try_from(inner).expect("fewer than 2³² elements");
    let apart = With::<B, u32>::binary_scalar(Binary::Mul, With::<B, u32>::reshape(ids, &flat), apart);
    let places = With::<B, u32>::binary(Binary::Add, apart, With::<B, u32>::broadcast(&firsts, &flat));
    let found = B::gather(&B::reshape(x, &[outer * size * inner]), &places);
    B::reshape(&found, &sizes)
}

/// See [`Backend::put_along`]: each element is told which of the values is the last that is meant for it.
pub fn put_along<B: Backend>(x: &ArrayOf<B>, axis: usize, ids: &ArrayOf<B, u32>, values: &ArrayOf<B>) -> ArrayOf<B> {
    let sizes = B::sizes(x).to_vec();
    let [outer, size, inner] = around(&sizes, axis);
    let count = B::sizes(values)[axis];
    if count == 0 || outer * inner == 0 {
        return x.clone();
    }
    let ids = With::<B, u32>::reshape(ids, &[outer, 1, count, inner]);
    let pairs = [outer, size, count, inner];
    let [of_x, of_values] = [1, 2].map(|axis| positions::<B>(axis, &pairs, x));
    let is_meant = With::<B, u32>::compare(Compare::Equal, &of_x, &With::<B, u32>::broadcast(&ids, &pairs));
    // Counted from 1 on.
    let numbers = With::<B, u32>::binary_scalar(Binary::Add, of_values, 1);
    let last = With::<B, u32>::reduce(Reduce::Max, &or_else::<With<B, u32>>(&is_meant, &numbers, 0), 2);
    let is_put = With::<B, u32>::compare_scalar(Compare::Greater, &last, 0);
    let last = With::<B, u32>::binary_scalar(Binary::Sub, With::<B, u32>::binary_scalar(Binary::Max, last, 1), 1);
    let put = take_along::<B>(&B::reshape(values, &[outer, count, inner]), 1, &last);
    B::reshape(&B::select(&is_put, &put, &B::reshape(x, &[outer, size, inner])), &sizes)
}

/// See [`Backend::scatter_add`]: of each row of `x`, a sum of all that is added to any, zeros in place of what is for others.
pub fn scatter_add<B: Backend<Elem: Number>>(x: ArrayOf<B>, ids: &ArrayOf<B, u32>, rows: &ArrayOf<B>) -> ArrayOf<B> {
    let sizes = B::sizes(&x).to_vec();
    let [_, size, row] = around(&sizes, 0);
    let count = With::<B, u32>::sizes(ids).iter().product();
    let pairs = [size, count, 1];
    let ids = With::<B, u32>::broadcast(&With::<B, u32>::reshape(ids, &[count, 1]), &pairs);
    let is_meant = With::<B, u32>::compare(Compare::Equal, &positions::<B>(0, &pairs, &x), &ids);
    let rows = B::broadcast(&B::reshape(rows, &[count, row]), &[size, count, row]);
    let added = B::reduce(Reduce::Sum, &or_else::<B>(&is_meant, &rows, B::Elem::zero()), 1);
    B::binary(Binary::Add, x, B::reshape(&added, &sizes))
}
