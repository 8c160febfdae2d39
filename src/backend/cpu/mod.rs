//! The native backend: the processor.

mod array;
mod attention;
mod blocks;
#[cfg(all(feature = "matrixmultiply", not(miri)))]
pub(super) mod double;
mod elementwise;
mod in_out;
mod join;
mod live;
mod matmul;
mod memory;
mod norm;
mod parallel;
pub(super) mod plain;
#[cfg(feature = "threads")]
mod pool;
mod reduce;
mod rotary;
pub(super) mod simd;
mod softmax;
pub mod threads;

pub use array::Array;
pub(crate) use blocks::{Blocks, Format};
pub use memory::release_memory;
// The kernels trust in their strides and counts: no other crate makes them.
pub(super) use blocks::Rows;
pub(super) use in_out::{InOut, Operand};
pub(super) use matmul::{Matrix, Weight, finish, has_terms};
pub(super) use reduce::{COLUMNS, add_rows, reduce_rows};
pub(super) use simd::{Block, Narrow};

use super::{
    AttentionMask, Backend, Binary, Compare, Element, Epilogue, Float, Number, Reduce, RotaryLayout, TableIndex, Unary,
};
use std::marker::PhantomData;

/// The backend that calculates on the processor, with elements of type `T`.
#[derive(Clone, Copy, Debug)]
pub struct Cpu<T>(PhantomData<fn() -> T>);

impl<T: Element> Backend for Cpu<T> {
    type Elem = T;
    type With<U: Element> = Cpu<U>;
    type Array = Array<T>;

    fn from_elements(elements: Vec<T>, sizes: &[usize]) -> Array<T> {
        Array::from_vec(elements, sizes)
    }
    fn filled(value: T, sizes: &[usize]) -> Array<T> {
        Array::full(value, sizes)
    }
    fn sizes(x: &Array<T>) -> &[usize] {
        x.sizes()
    }
    fn to_vec(x: &Array<T>) -> Vec<T> {
        x.elements().into_owned()
    }
    fn as_slice(x: &Array<T>) -> Option<&[T]> {
        x.as_slice()
    }

    fn permute(x: &Array<T>, order: &[usize]) -> Array<T> {
        x.permute(order)
    }
    fn reshape(x: &Array<T>, sizes: &[usize]) -> Array<T> {
        x.reshape(sizes)
    }
    fn narrow(x: &Array<T>, axis: usize, start: usize, len: usize) -> Array<T> {
        x.narrow(axis, start, len)
    }
    fn broadcast(x: &Array<T>, sizes: &[usize]) -> Array<T> {
        x.broadcast(sizes)
    }
    fn concat(parts: &[&Array<T>], axis: usize) -> Array<T> {
        join::concat(parts, axis)
    }
    fn update_slice(x: Array<T>, part: &Array<T>, starts: &[usize]) -> Array<T> {
        join::update_slice(x, part, starts)
    }
    fn gather<I: TableIndex>(table: &Array<T>, ids: &Array<I>) -> Array<T> {
        if let Some(rows) = table.gather_blocks(ids) {
            return rows;
        }
        let row_sizes = &table.sizes()[1..];
        let row: usize = row_sizes.iter().product();
        let elements = table.elements();
        let rows = ids.elements();
        let rows = rows.iter().flat_map(|id| &elements[id.row() * row..(id.row() + 1) * row]).copied();
        Array::collect(array::Layout::joined(ids.sizes(), row_sizes).sizes(), rows)
    }
    fn cast<U: Number>(x: &Array<T>) -> Array<U>
    where
        T: Number,
    {
        elementwise::map(x, 1, |x| U::from_value(x.to_value()))
    }

    fn unary(op: Unary, x: Array<T>) -> Array<T>
    where
        T: Float,
    {
        elementwise::unary(op, x)
    }
    fn binary(op: Binary, x: Array<T>, y: Array<T>) -> Array<T>
    where
        T: Number,
    {
        elementwise::binary(op, x, y)
    }
    fn binary_scalar(op: Binary, x: Array<T>, y: T) -> Array<T>
    where
        T: Number,
    {
        elementwise::binary_scalar(op, x, y)
    }
    fn scalar_binary(op: Binary, x: T, y: Array<T>) -> Array<T>
    where
        T: Number,
    {
        elementwise::scalar_binary(op, x, y)
    }
    fn compare(op: Compare, x: &Array<T>, y: &Array<T>) -> Array<bool>
    where
        T: PartialOrd,
    {
        elementwise::compare(op, x, y)
    }
    fn compare_scalar(op: Compare, x: &Array<T>, y: T) -> Array<bool>
    where
        T: PartialOrd,
    {
        elementwise::compare_scalar(op, x, y)
    }
    fn select(condition: &Array<bool>, x: &Array<T>, y: &Array<T>) -> Array<T> {
        elementwise::select(condition, x, y)
    }

    fn reduce(op: Reduce, x: &Array<T>, axis: usize) -> Array<T>
    where
        T: Number,
    {
        reduce::reduce(op, x, axis)
    }
    fn argmax(x: &Array<T>, axis: usize) -> Array<u32>
    where
        T: Number,
    {
        reduce::argmax(x, axis)
    }
    fn top_k(x: &Array<T>, k: usize) -> (Array<T>, Array<u32>)
    where
        T: Number,
    {
        reduce::top_k(x, k)
    }
    fn softmax(x: Array<T>, axis: usize) -> Array<T>
    where
        T: Float,
    {
        softmax::softmax(x, axis)
    }
    fn log_softmax(x: Array<T>, axis: usize) -> Array<T>
    where
        T: Float,
    {
        softmax::log_softmax(x, axis)
    }
    fn masked_softmax(scores: Array<T>, mask: &AttentionMask) -> Array<T>
    where
        T: Float,
    {
        softmax::masked_softmax(scores, mask)
    }

    fn matmul(x: &Array<T>, y: &Array<T>) -> Array<T>
    where
        T: Number,
    {
        matmul::matmul(x, y)
    }
    fn linear(x: &Array<T>, weight: &Array<T>, after: Epilogue<'_, Array<T>>) -> Array<T>
    where
        T: Float,
    {
        matmul::linear(x, weight, after)
    }
    fn layer_norm(x: Array<T>, weight: &Array<T>, bias: Option<&Array<T>>, epsilon: f64) -> Array<T>
    where
        T: Float,
    {
        norm::layer_norm(x, weight, bias, epsilon)
    }
    fn rms_norm(x: Array<T>, weight: &Array<T>, epsilon: f64) -> Array<T>
    where
        T: Float,
    {
        norm::rms_norm(x, weight, epsilon)
    }
    fn rotate<I: TableIndex>(
        x: Array<T>,
        positions: &Array<I>,
        cos: &Array<T>,
        sin: &Array<T>,
        layout: RotaryLayout,
    ) -> Array<T>
    where
        T: Float,
    {
        rotary::rotate(x, positions, cos, sin, layout)
    }
    fn attention(q: &Array<T>, k: &Array<T>, v: &Array<T>, mask: &AttentionMask, scale: f64) -> Array<T>
    where
        T: Float,
    {
        attention::attention(q, k, v, mask, scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Value;

    /// Numbers between -2 and 2.
    pub fn random<T: Number>(sizes: &[usize], seed: u64) -> Array<T> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let count = sizes.iter().product();
        Array::from_vec((0..count).map(|_| T::from_value(Value::Float(rng.f64() * 4.0 - 2.0))).collect(), sizes)
    }

    /// Within `tolerance`, relative to numbers beyond 1.
    pub fn assert_near<T: Number>(found: &Array<T>, expected: &[f64], tolerance: f64) {
        let found = found.elements();
        assert_eq!(found.len(), expected.len());
        for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
            let found = found.to_f64().unwrap();
            let near = found == *expected || (found - expected).abs() <= tolerance * expected.abs().max(1.0);
            assert!(near || found.is_nan() && expected.is_nan(), "{found} for {expected} at {at}");
        }
    }

    #[test]
    fn a_gather_takes_whole_rows() {
        let table = Array::from_vec(vec![0, 1, 2, 3, 4, 5], &[3, 2]);
        let ids = Array::from_vec(vec![2u8, 0, 2, 1], &[2, 2]);
        let rows = Cpu::<i32>::gather(&table, &ids);
        assert_eq!((rows.sizes(), &*rows.elements()), (&[2, 2, 2][..], &[4, 5, 0, 1, 4, 5, 2, 3][..]));
        assert_eq!(
            *Cpu::<i32>::gather(&table.permute(&[1, 0]), &ids.narrow(0, 0, 1).narrow(1, 1, 1)).elements(),
            [0, 2, 4]
        );
    }
}
