//! What runs beneath a typed tensor: operations on arrays whose shapes are run-time values.
//!
//! A [`Backend`] knows nothing of dimensions. The typed layer has proven, before it calls one, that
//! the sizes fit; a backend may panic where they do not.

mod element;
mod numbers;
mod ops;
mod program;
mod recording;
mod rounding;

pub(crate) use element::constant;
pub use element::{AnyBits, Element, Float, Number, Real, TableIndex, Value};
pub use ops::{AttentionMask, Binary, Compare, Epilogue, Reduce, RotaryLayout, Unary};
pub use program::{Program, Step};
pub(crate) use recording::recorded;
pub use recording::{is_recording, no_grad};

use crate::sealed::Sealed;
use std::fmt::Debug;

/// The array that backend `B` uses for elements of type `T`.
pub type ArrayOf<B, T> = <<B as Backend>::With<T> as Backend>::Array;

/// The most axes an array may have: the typed layer needs 6, a split axis in between needs more.
pub const MAX_RANK: usize = 8;

/// An engine for arrays of one element type, whose shapes are run-time values.
///
/// Implement it to run typed tensors on another engine. All shapes are row-major. Every method that
/// takes an axis, a size or a second array may panic when it does not fit: the typed layer has
/// checked it before. A method that takes an array itself, and not a reference, may write its result
/// into the memory of that array, if nobody else holds it.
///
/// An array may be tracked, so that gradients with respect to it can be calculated. What is made of a tracked array is
/// tracked too, if its elements are floating-point numbers; unless [`no_grad`] says otherwise. What is masked, and what
/// only chooses (comparisons, positions, tables of angles), has no part in gradients.
pub trait Backend: Copy + Debug + Send + Sync {
    /// The element type.
    type Elem: Element;
    /// The same engine for another element type.
    type With<T: Element>: Backend<Elem = T, Gradients = Self::Gradients>;
    /// An array: its sizes and a shared, immutable buffer. Cloning one copies no elements.
    type Array: Clone + Debug + Send + Sync;
    /// The gradients of one number.
    type Gradients: Debug + Send + Sync;
    /// Whether the sizes of what it gives are compared with the shape in every build, and not in debug builds alone. No
    /// other crate can write the argument, and so none can say otherwise of its own backend.
    #[doc(hidden)]
    #[inline(always)]
    fn is_checked(_: Option<Sealed>) -> bool {
        true
    }

    /// The array, tracked. It may depend on others that are.
    fn track(x: Self::Array) -> Self::Array
    where
        Self::Elem: Float;
    /// Whether the array is tracked, or depends on one that is.
    fn is_tracked(x: &Self::Array) -> bool;
    /// The array as a constant.
    fn detach(x: Self::Array) -> Self::Array;
    /// What `block` gives for `x`, an array and something else. If it is to be recorded, nothing of it is kept but `x`: it is
    /// calculated again on the way back, and gives the same again. Gradients are those with respect to `x` and to what the
    /// block itself holds.
    fn checkpoint<R>(
        x: Self::Array,
        block: impl Fn(Self::Array) -> (Self::Array, R) + Send + Sync + 'static,
    ) -> (Self::Array, R)
    where
        Self::Elem: Float;
    /// The gradients of the one element of `x` with respect to the arrays that [`track`](Self::track) gave. What was recorded
    /// is freed on the way, as far as nobody else holds it.
    fn backward(x: Self::Array) -> Self::Gradients
    where
        Self::Elem: Float;
    /// The gradient with respect to an array that [`track`](Self::track) gave; none if the number does not depend on it.
    fn gradient(gradients: &Self::Gradients, x: &Self::Array) -> Option<Self::Array>
    where
        Self::Elem: Float;
    /// Puts another gradient in place of that with respect to `x`, or where there was none. If `x` is not tracked, nothing
    /// changes.
    fn set_gradient(gradients: &mut Self::Gradients, x: &Self::Array, gradient: Self::Array)
    where
        Self::Elem: Float;

    /// An array of these row-major elements, of which there are as many as `sizes` say.
    fn from_elements(elements: Vec<Self::Elem>, sizes: &[usize]) -> Self::Array;
    /// As [`from_elements`](Self::from_elements), of elements as they come.
    fn collect(elements: impl Iterator<Item = Self::Elem>, sizes: &[usize]) -> Self::Array {
        Self::from_elements(elements.collect(), sizes)
    }
    /// An array of one value. It may be stored once.
    fn filled(value: Self::Elem, sizes: &[usize]) -> Self::Array;
    /// The size of each axis.
    fn sizes(x: &Self::Array) -> &[usize];
    /// The elements in row-major order, copied.
    fn to_vec(x: &Self::Array) -> Vec<Self::Elem>;
    /// The elements in row-major order, if they lie so in memory.
    fn as_slice(x: &Self::Array) -> Option<&[Self::Elem]>;

    /// The axes in another order: axis `i` of the result is axis `order[i]` of `x`.
    fn permute(x: &Self::Array, order: &[usize]) -> Self::Array;
    /// The same row-major elements under other sizes of the same product.
    fn reshape(x: &Self::Array, sizes: &[usize]) -> Self::Array;
    /// The elements `start .. start + len` of `axis`.
    fn narrow(x: &Self::Array, axis: usize, start: usize, len: usize) -> Self::Array;
    /// `x` repeated along new leading axes and along axes of size 1: each size of `x`, counted from
    /// the end, equals that of `sizes` or is 1.
    fn broadcast(x: &Self::Array, sizes: &[usize]) -> Self::Array;
    /// The arrays one after another along `axis`. There is at least one.
    fn concat(parts: &[&Self::Array], axis: usize) -> Self::Array;
    /// `x` with `part` in place of what stands from `starts` on, a start for each axis.
    fn update_slice(x: Self::Array, part: &Self::Array, starts: &[usize]) -> Self::Array;
    /// Rows of `table` (axis 0) chosen by `ids`: sizes are those of `ids`, then those of a row.
    fn gather<I: TableIndex>(table: &Self::Array, ids: &ArrayOf<Self, I>) -> Self::Array;
    /// Each element converted to another type: to the nearest where that is one of floating-point numbers, and as `as` would
    /// where it is one of integers.
    fn cast<T: Number>(x: &Self::Array) -> ArrayOf<Self, T>
    where
        Self::Elem: Number;

    /// `op` on each element.
    fn unary(op: Unary, x: Self::Array) -> Self::Array
    where
        Self::Elem: Float;
    /// `op` on each pair. The sizes of one are the last sizes of the other.
    fn binary(op: Binary, x: Self::Array, y: Self::Array) -> Self::Array
    where
        Self::Elem: Number;
    /// `op` on each element and `y`.
    fn binary_scalar(op: Binary, x: Self::Array, y: Self::Elem) -> Self::Array
    where
        Self::Elem: Number;
    /// `op` on `x` and each element of `y`.
    fn scalar_binary(op: Binary, x: Self::Elem, y: Self::Array) -> Self::Array
    where
        Self::Elem: Number;
    /// The function of each element of the inputs, which are of one size. Each operation by itself, if a backend has nothing
    /// better.
    fn fused(program: &Program<Self::Elem>, inputs: &[Self::Array]) -> Self::Array
    where
        Self::Elem: Float,
    {
        program.separately::<Self>(inputs)
    }
    /// Each pair compared. The sizes of one are the last sizes of the other.
    fn compare(op: Compare, x: &Self::Array, y: &Self::Array) -> ArrayOf<Self, bool>
    where
        Self::Elem: PartialOrd;
    /// Each element compared with `y`.
    fn compare_scalar(op: Compare, x: &Self::Array, y: Self::Elem) -> ArrayOf<Self, bool>
    where
        Self::Elem: PartialOrd;
    /// `x` where `condition` holds, `y` elsewhere. All three have the same sizes.
    fn select(condition: &ArrayOf<Self, bool>, x: &Self::Array, y: &Self::Array) -> Self::Array;

    /// `op` along `axis`, which goes.
    fn reduce(op: Reduce, x: &Self::Array, axis: usize) -> Self::Array
    where
        Self::Elem: Number;
    /// The position of the largest element along `axis`, which goes: the first of equals; NaN counts
    /// as the largest. The axis is not empty.
    fn argmax(x: &Self::Array, axis: usize) -> ArrayOf<Self, u32>
    where
        Self::Elem: Number;
    /// The `k` largest elements along the last axis, largest first, and their positions. Of equals
    /// the first comes first. `k` is at most the size of the axis.
    fn top_k(x: &Self::Array, k: usize) -> (Self::Array, ArrayOf<Self, u32>)
    where
        Self::Elem: Number;
    /// `exp(x) / sum(exp(x))` along `axis`.
    fn softmax(x: Self::Array, axis: usize) -> Self::Array
    where
        Self::Elem: Float;
    /// The function that made probabilities of what it was given, if these are its result and that is known: `softmax` or
    /// `sigmoid`. Losses of logits refuse them.
    fn probabilities_by(x: &Self::Array) -> Option<&'static str> {
        let _ = x;
        None
    }
    /// `x - ln(sum(exp(x)))` along `axis`.
    fn log_softmax(x: Self::Array, axis: usize) -> Self::Array
    where
        Self::Elem: Float;
    /// `-ln(softmax(x)[target])` along the last axis of `x (.., n)` for targets `(..)` below `n`: the cross-entropy. Of each
    /// target, a share of `smoothing` goes to all `n` alike.
    fn cross_entropy<I: TableIndex>(x: &Self::Array, targets: &ArrayOf<Self, I>, smoothing: f64) -> Self::Array
    where
        Self::Elem: Float;
    /// Softmax over the last axis of scores `(batch, heads, queries, keys)` on the pairs that `mask`
    /// allows; zeros elsewhere, and in a row that may attend to nothing.
    fn masked_softmax(scores: Self::Array, mask: &AttentionMask) -> Self::Array
    where
        Self::Elem: Float;

    /// The product `(.., m, k) x (.., k, n)` over equal leading axes, or with a `y` of two axes.
    fn matmul(x: &Self::Array, y: &Self::Array) -> Self::Array
    where
        Self::Elem: Number;
    /// `x (.., in)` times the transpose of `weight (out, in)`, and the epilogue, whose residual is `(.., out)`.
    fn linear(x: &Self::Array, weight: &Self::Array, after: Epilogue<'_, Self::Array>) -> Self::Array
    where
        Self::Elem: Float;
    /// `(x - mean) / sqrt(variance + epsilon) * weight + bias` over the last axis.
    fn layer_norm(x: Self::Array, weight: &Self::Array, bias: Option<&Self::Array>, epsilon: f64) -> Self::Array
    where
        Self::Elem: Float;
    /// `x / sqrt(mean(x²) + epsilon) * weight` over the last axis.
    fn rms_norm(x: Self::Array, weight: &Self::Array, epsilon: f64) -> Self::Array
    where
        Self::Elem: Float;
    /// The pairs of elements of each head of `x (batch, heads, sequence, d)` turned by the angles of their position, of which
    /// there are `positions (batch, sequence)`: the tables of cosines and sines are `(any position, d / 2)`.
    fn rotate<I: TableIndex>(
        x: Self::Array,
        positions: &ArrayOf<Self, I>,
        cos: &Self::Array,
        sin: &Self::Array,
        layout: RotaryLayout,
    ) -> Self::Array
    where
        Self::Elem: Float;
    /// `softmax(scale · q · kᵀ)` on the pairs that `mask` allows, `(batch, heads, queries, keys)`: the weights of
    /// [`attention`](Self::attention); zeros elsewhere.
    fn attention_weights(q: &Self::Array, k: &Self::Array, mask: &AttentionMask, scale: f64) -> Self::Array
    where
        Self::Elem: Float;
    /// `softmax(scale · q · kᵀ) · v` on the pairs that `mask` allows: `q (batch, heads, queries, d)`,
    /// `k (batch, key_heads, keys, d)`, `v (batch, key_heads, keys, e)`. Query head `i` uses key head
    /// `i / (heads / key_heads)`. A query that may attend to nothing gives zeros.
    fn attention(q: &Self::Array, k: &Self::Array, v: &Self::Array, mask: &AttentionMask, scale: f64) -> Self::Array
    where
        Self::Elem: Float;
}
