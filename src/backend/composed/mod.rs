//! Operations made of others: the defaults of [`Backend`], and what an engine may call for the cases that it has nothing
//! better for.
//!
//! Each is called with the backend, arrays, and axes by their numbers:
//!
//! ```
//! use congruent::backend::{Reduce, Unary, composed};
//! use congruent::cpu::{Array, Cpu};
//!
//! let x = Array::from_vec(vec![1.0, 2.0, 3.0, 6.0], &[2, 2]);
//! // An engine that has `abs` and the like of its own calls this for the functions that it lacks.
//! assert_eq!(composed::unary::<Cpu<f32>>(Unary::Square, x.clone()).elements()[..], [1.0, 4.0, 9.0, 36.0]);
//! assert_eq!(composed::reduce::<Cpu<f32>>(Reduce::Mean, &x, 1).elements()[..], [1.5, 4.5]);
//! let weights = composed::softmax::<Cpu<f32>>(Array::full(0.0, &[2, 2]), 1);
//! assert_eq!(weights.elements()[..], [0.5; 4]);
//! ```

mod attention;
mod choice;
mod elementwise;
mod fused;
mod rows;
mod scan;
mod scatter;
mod sort;
mod windows;

pub use attention::{
    allowed, attention, attention_weights, masked_softmax, with_allowed, with_forbidden, without_padding,
};
pub(crate) use attention::{four, scores, weighted};
pub use choice::{all, any, argmax, argmin, count, pick, top_k};
pub(crate) use elementwise::of_multiples;
pub(crate) use elementwise::positions;
pub use elementwise::{rotate, unary};
pub use fused::{fused, fused_values};
pub(crate) use rows::after;
pub use rows::{
    cross_entropy, deviation, layer_norm, linear, log_softmax, log_sum_exp, norm, normalize, product, reduce,
};
pub use rows::{rms_norm, softmax};
pub use scan::{linear_recurrence, scan};
pub use scatter::{put_along, scatter_add, take_along};
pub use sort::{argsort, quantile};
pub use windows::{convolution, transposed_convolution, windows};

use super::{ArrayOf, Backend, DeviceOf, Failure, Number, PrimitiveOf};
use std::any::type_name;

/// The elements, as the engine stores them.
///
/// # Panics
/// The engine fails.
pub(crate) fn elements<B: Backend>(x: &ArrayOf<B>) -> Vec<PrimitiveOf<B>> {
    try_elements::<B>(x).unwrap_or_else(|failure| panic!("{failure}"))
}

/// The same, or why the engine has failed.
pub(crate) fn try_elements<B: Backend>(x: &ArrayOf<B>) -> Result<Vec<PrimitiveOf<B>>, Failure> {
    let elements = B::to_vec(x)?;
    check_count::<B>("to_vec", x, elements.len());
    Ok(elements)
}

/// The elements, if they lie in memory in row-major order.
pub(crate) fn slice<B: Backend>(x: &ArrayOf<B>) -> Option<&[PrimitiveOf<B>]> {
    let elements = B::as_slice(x)?;
    check_count::<B>("as_slice", x, elements.len());
    Some(elements)
}

/// That an operation gave as many elements as the array has.
fn check_count<B: Backend>(operation: &str, x: &ArrayOf<B>, found: usize) {
    if B::is_checked(None) || cfg!(debug_assertions) {
        let (backend, count) = (type_name::<B>(), B::sizes(x).iter().product::<usize>());
        assert!(found == count, "`{operation}` of `{backend}` gave {found} elements of an array that has {count}");
    }
}

/// The elements are read, and made anew on the other device.
pub fn to_device<B: Backend>(x: &ArrayOf<B>, device: &DeviceOf<B>) -> ArrayOf<B> {
    if B::device(x) == *device {
        return B::detach(x.clone());
    }
    B::from_elements(elements::<B>(x), B::sizes(x), device)
}

/// An array of one number and no axis, on the device of another array.
pub(super) fn number<B: Backend>(number: PrimitiveOf<B>, beside: &ArrayOf<B>) -> ArrayOf<B> {
    B::filled(number, &[], &B::device(beside))
}

/// What has lost an axis, repeated along it as in these sizes.
pub(crate) fn repeated<B: Backend>(x: &ArrayOf<B>, axis: usize, sizes: &[usize]) -> ArrayOf<B> {
    let mut keepdim = sizes.to_vec();
    keepdim[axis] = 1;
    B::broadcast(&B::reshape(x, &keepdim), sizes)
}

/// `x` where the condition holds, and this number elsewhere: the condition has the last sizes of `x`, or 1 in their place.
pub(crate) fn or_else<B: Backend>(condition: &ArrayOf<B, bool>, x: &ArrayOf<B>, otherwise: B::Elem) -> ArrayOf<B>
where
    B::Elem: Number,
{
    let sizes = B::sizes(x).to_vec();
    let condition = super::With::<B, bool>::broadcast(condition, &sizes);
    B::select(&condition, x, &B::filled(otherwise, &sizes, &B::device(x)))
}

/// `x` with `part` in place of what stands from `starts` on: joined of what lies before, beside and behind it.
pub fn update_slice<B: Backend>(x: &ArrayOf<B>, part: &ArrayOf<B>, starts: &[usize]) -> ArrayOf<B> {
    let (sizes, part_sizes) = (B::sizes(x).to_vec(), B::sizes(part).to_vec());
    let differs = |axis: &usize| part_sizes[*axis] != sizes[*axis];
    let Some(axis) = (0..sizes.len()).find(differs) else { return part.clone() };
    let (start, end) = (starts[axis], starts[axis] + part_sizes[axis]);
    let mut inner = starts.to_vec();
    inner[axis] = 0;
    let between = update_slice::<B>(&B::narrow(x, axis, start, part_sizes[axis]), part, &inner);
    let (before, behind) = (B::narrow(x, axis, 0, start), B::narrow(x, axis, end, sizes[axis] - end));
    B::concat(&[&before, &between, &behind], axis)
}
