//! The operations that a backend has.

use super::{
    ArrayOf, Binary, Blocks, Bytes, Compare, DeviceOf, Element, Engine, Epilogue, Failure, Float, MaskOf, Number,
    OptionsOf, Order, Primitive, PrimitiveOf, Program, Reduce, RotaryLayout, Scan, Unary, Value, Windows, composed,
};
use crate::sealed::Sealed;
use std::fmt::Debug;

/// Operations on arrays of one element type, whose shapes are run-time values.
///
/// Implement it to run typed tensors on another engine. All shapes are row-major. Every method that takes an axis, a size or a
/// second array may panic when it does not fit: the typed layer has checked it before. Of arrays on two devices it panics, and
/// names both. A method that takes an array itself, and not a reference, may write its result into the memory of that array,
/// if nobody else holds it. What an engine could not do is a [`Failure`], which the array stands for.
///
/// [`congruent::conformance`](crate::conformance) tests an implementation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no backend",
    label = "expected a backend, such as `Cpu<f32>`",
    note = "a backend is an engine with a type of elements: the engine `Processor` has the backends `Cpu<f32>`, `Cpu<f64>`, ..",
    note = "explained in `congruent::errors::C77`: https://docs.rs/congruent/latest/congruent/errors/C77/"
)]
pub trait Backend: Copy + Debug + Send + Sync {
    /// The arrays.
    type Engine: Engine;
    /// The element type.
    type Elem: Element;
    /// Whether the sizes of what it gives are compared with the shape in every build, and not in debug builds alone. No
    /// other crate can write the argument, and so none can say otherwise of its own backend.
    #[doc(hidden)]
    #[inline(always)]
    fn is_checked(_: Option<Sealed>) -> bool {
        true
    }

    /// The size of each axis.
    fn sizes(x: &ArrayOf<Self>) -> &[usize] {
        Self::Engine::sizes(x)
    }
    /// Where the array lies.
    fn device(x: &ArrayOf<Self>) -> DeviceOf<Self> {
        Self::Engine::device(x)
    }

    /// An array of these row-major elements, of which there are as many as `sizes` say.
    fn from_elements(elements: Vec<PrimitiveOf<Self>>, sizes: &[usize], device: &DeviceOf<Self>) -> ArrayOf<Self>;
    /// An array of one value. It may be stored once.
    fn filled(value: PrimitiveOf<Self>, sizes: &[usize], device: &DeviceOf<Self>) -> ArrayOf<Self>;
    /// An array of row-major elements as they lie in memory or in a mapped file. An engine whose arrays lie in the memory of the
    /// processor need not copy them.
    fn from_bytes(bytes: &Bytes, sizes: &[usize], device: &DeviceOf<Self>) -> ArrayOf<Self> {
        Self::from_elements(PrimitiveOf::<Self>::from_bytes(bytes.as_slice()), sizes, device)
    }
    /// An array of the numbers that stand in these quantised blocks, if the engine calculates with them as they are, or reads
    /// the numbers once: an engine without blocks may let that of the processor do so.
    fn from_blocks(blocks: &Blocks, sizes: &[usize], device: &DeviceOf<Self>) -> Option<ArrayOf<Self>> {
        let _ = (blocks, sizes, device);
        None
    }
    /// The numbers from 0 on, so many, along one axis.
    fn range(size: usize, device: &DeviceOf<Self>) -> ArrayOf<Self>
    where
        Self::Elem: Number,
    {
        let numbers = (0..size).map(|number| Self::Elem::from_value(Value::Integer(number as i128)));
        Self::from_elements(numbers.collect(), &[size], device)
    }
    /// The elements in row-major order, copied. It waits until they are there.
    fn to_vec(x: &ArrayOf<Self>) -> Result<Vec<PrimitiveOf<Self>>, Failure>;
    /// The failure that the array stands for, if the engine knows of it by now: it waits for nothing. What is in doubt is told by
    /// [`to_vec`](Self::to_vec).
    fn failure(x: &ArrayOf<Self>) -> Option<Failure> {
        let _ = x;
        None
    }
    /// The elements in row-major order, if they lie so in the memory of the processor.
    fn as_slice(x: &ArrayOf<Self>) -> Option<&[PrimitiveOf<Self>]> {
        let _ = x;
        None
    }
    /// Whether the array is tracked, so that gradients with respect to it, or to what it was calculated of, can be calculated.
    fn is_tracked(x: &ArrayOf<Self>) -> bool {
        let _ = x;
        false
    }
    /// `x`, tracked if another array is: what takes the place of a parameter is tracked as the parameter was. An engine without
    /// gradients tracks nothing.
    fn tracked_like(x: ArrayOf<Self>, like: &ArrayOf<Self>) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        let _ = like;
        x
    }
    /// The same elements on a device, as a constant. Where they lie there, nothing is copied. The default reads them and makes
    /// them anew: a device may be able to send them to another one by itself.
    ///
    /// # Panics
    /// The engine fails.
    fn to_device(x: &ArrayOf<Self>, device: &DeviceOf<Self>) -> ArrayOf<Self> {
        composed::to_device::<Self>(x, device)
    }
    /// The array as a constant.
    fn detach(x: ArrayOf<Self>) -> ArrayOf<Self> {
        x
    }

    /// The axes in another order: axis `i` of the result is axis `order[i]` of `x`.
    fn permute(x: &ArrayOf<Self>, order: &[usize]) -> ArrayOf<Self>;
    /// The same row-major elements under other sizes of the same product.
    fn reshape(x: &ArrayOf<Self>, sizes: &[usize]) -> ArrayOf<Self>;
    /// The elements `start .. start + len` of `axis`.
    fn narrow(x: &ArrayOf<Self>, axis: usize, start: usize, len: usize) -> ArrayOf<Self>;
    /// `x` repeated along new leading axes and along axes of size 1: each size of `x`, counted from
    /// the end, equals that of `sizes` or is 1.
    fn broadcast(x: &ArrayOf<Self>, sizes: &[usize]) -> ArrayOf<Self>;
    /// The arrays one after another along `axis`. There is at least one.
    fn concat(parts: &[&ArrayOf<Self>], axis: usize) -> ArrayOf<Self>;
    /// `x` with `part` in place of what stands from `starts` on, a start for each axis.
    fn update_slice(x: ArrayOf<Self>, part: &ArrayOf<Self>, starts: &[usize]) -> ArrayOf<Self> {
        composed::update_slice::<Self>(&x, part, starts)
    }
    /// Rows of `table` (axis 0) chosen by `ids`: sizes are those of `ids`, then those of a row.
    fn gather(table: &ArrayOf<Self>, ids: &ArrayOf<Self, u32>) -> ArrayOf<Self>;
    /// The element of the last axis of `x (.., n)` that each of `ids (..)` names.
    fn pick(x: &ArrayOf<Self>, ids: &ArrayOf<Self, u32>) -> ArrayOf<Self> {
        composed::pick::<Self>(x, ids)
    }
    /// The elements along `axis` that `ids` name: their sizes are those of `x`, but for that axis.
    fn take_along(x: &ArrayOf<Self>, axis: usize, ids: &ArrayOf<Self, u32>) -> ArrayOf<Self> {
        composed::take_along::<Self>(x, axis, ids)
    }
    /// `x` with each of `values` in place of the element along `axis` that its id names; of several with one id, the last. The
    /// sizes of ids and values are those of `x`, but for that axis.
    fn put_along(x: ArrayOf<Self>, axis: usize, ids: &ArrayOf<Self, u32>, values: &ArrayOf<Self>) -> ArrayOf<Self> {
        composed::put_along::<Self>(&x, axis, ids, values)
    }
    /// `x` with each of `rows` added to the row (axis 0) that its id names: the sizes of `rows` are those of `ids`, then those of
    /// a row. Sums are calculated in the type [`Number::Sum`].
    fn scatter_add(x: ArrayOf<Self>, ids: &ArrayOf<Self, u32>, rows: &ArrayOf<Self>) -> ArrayOf<Self>
    where
        Self::Elem: Number,
    {
        composed::scatter_add::<Self>(x, ids, rows)
    }
    /// Each element converted to another type: to the nearest where that is one of floating-point numbers, and as `as` would
    /// where it is one of integers. Defaults convert to the type of sums and back, which may be their own: such a cast should
    /// cost nothing.
    fn cast<T: Number>(x: &ArrayOf<Self>) -> ArrayOf<Self, T>
    where
        Self::Elem: Number;

    /// `op` on each element.
    fn unary(op: Unary, x: ArrayOf<Self>) -> ArrayOf<Self>
    where
        Self::Elem: Float;
    /// `op` on each pair. The sizes of one are the last sizes of the other.
    fn binary(op: Binary, x: ArrayOf<Self>, y: ArrayOf<Self>) -> ArrayOf<Self>
    where
        Self::Elem: Number;
    /// `op` on each element and `y`.
    fn binary_scalar(op: Binary, x: ArrayOf<Self>, y: Self::Elem) -> ArrayOf<Self>
    where
        Self::Elem: Number,
    {
        let y = composed::number::<Self>(y, &x);
        Self::binary(op, x, y)
    }
    /// `op` on `x` and each element of `y`.
    fn scalar_binary(op: Binary, x: Self::Elem, y: ArrayOf<Self>) -> ArrayOf<Self>
    where
        Self::Elem: Number,
    {
        let x = composed::number::<Self>(x, &y);
        Self::binary(op, x, y)
    }
    /// The function of each element of the inputs, which are of one size. Each operation by itself, if a backend has nothing better.
    fn fused(program: &Program<Self::Elem>, inputs: &[ArrayOf<Self>]) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::fused::<Self>(program, inputs)
    }
    /// Values of the function by their numbers, in place of its result: those of steps, each once. They have no gradients, as the step
    /// of an optimizer has none.
    fn fused_values(program: &Program<Self::Elem>, values: &[usize], inputs: Vec<ArrayOf<Self>>) -> Vec<ArrayOf<Self>>
    where
        Self::Elem: Float,
    {
        composed::fused_values::<Self>(program, values, inputs)
    }
    /// Each pair compared. The sizes of one are the last sizes of the other.
    fn compare(op: Compare, x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> ArrayOf<Self, bool>
    where
        Self::Elem: PartialOrd;
    /// Each element compared with `y`.
    fn compare_scalar(op: Compare, x: &ArrayOf<Self>, y: PrimitiveOf<Self>) -> ArrayOf<Self, bool>
    where
        Self::Elem: PartialOrd,
    {
        Self::compare(op, x, &Self::filled(y, &[], &Self::device(x)))
    }
    /// `x` where `condition` holds, `y` elsewhere. All three have the same sizes.
    fn select(condition: &ArrayOf<Self, bool>, x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> ArrayOf<Self>;

    /// `op` along `axis`, which goes. Sums are calculated in the type [`Number::Sum`]. [`composed::reduce`] has the mean and the
    /// variance.
    fn reduce(op: Reduce, x: &ArrayOf<Self>, axis: usize) -> ArrayOf<Self>
    where
        Self::Elem: Number;
    /// The mean and the variance along `axis`, which goes: what [`reduce`](Self::reduce) gives of each, calculated together where a
    /// backend can.
    fn mean_variance(x: &ArrayOf<Self>, axis: usize) -> [ArrayOf<Self>; 2]
    where
        Self::Elem: Number,
    {
        [Reduce::Mean, Reduce::Variance].map(|op| Self::reduce(op, x, axis))
    }
    /// `op` of each element and all before it along `axis`, calculated in the type [`Number::Sum`].
    fn scan(op: Scan, x: &ArrayOf<Self>, axis: usize) -> ArrayOf<Self>
    where
        Self::Elem: Number,
    {
        composed::scan::<Self>(op, x, axis)
    }
    /// `h[i] = decay[i] · h[i - 1] + x[i]` along `axis`, with zero before the first, calculated in the type [`Number::Sum`]. Both
    /// have the same sizes.
    fn linear_recurrence(decay: &ArrayOf<Self>, x: &ArrayOf<Self>, axis: usize) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::linear_recurrence::<Self>(decay, x, axis)
    }
    /// The position of the largest element along `axis`, which goes: the first of equals; NaN counts
    /// as the largest. The axis is not empty.
    fn argmax(x: &ArrayOf<Self>, axis: usize) -> ArrayOf<Self, u32>
    where
        Self::Elem: Number,
    {
        composed::argmax::<Self>(x, axis)
    }
    /// The positions of the elements along `axis` in this order: of equals the first first.
    fn argsort(x: &ArrayOf<Self>, axis: usize, order: Order) -> ArrayOf<Self, u32>
    where
        Self::Elem: Number,
    {
        composed::argsort::<Self>(x, axis, order)
    }
    /// The `k` largest elements along the last axis, largest first, and their positions. Of equals
    /// the first comes first. `k` is at most the size of the axis.
    fn top_k(x: &ArrayOf<Self>, k: usize) -> (ArrayOf<Self>, ArrayOf<Self, u32>)
    where
        Self::Elem: Number,
    {
        composed::top_k::<Self>(x, k)
    }
    /// `exp(x) / sum(exp(x))` along `axis`.
    fn softmax(x: ArrayOf<Self>, axis: usize) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::softmax::<Self>(x, axis)
    }
    /// The function that made probabilities of what it was given, if these are its result and that is known: `softmax` or
    /// `sigmoid`. Losses of logits refuse them.
    fn probabilities_by(x: &ArrayOf<Self>) -> Option<&'static str> {
        let _ = x;
        None
    }
    /// `x - ln(sum(exp(x)))` along `axis`.
    fn log_softmax(x: ArrayOf<Self>, axis: usize) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::log_softmax::<Self>(x, axis)
    }
    /// `-ln(softmax(x)[target])` along the last axis of `x (.., n)` for targets `(..)` below `n`: the cross-entropy. Of each
    /// target, a share of `smoothing` goes to all `n` alike.
    fn cross_entropy(x: &ArrayOf<Self>, targets: &ArrayOf<Self, u32>, smoothing: f64) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::cross_entropy::<Self>(x, targets, smoothing)
    }
    /// Softmax over the last axis of scores `(batch, heads, queries, keys)` on the pairs that `mask`
    /// allows; zeros elsewhere, and in a row that may attend to nothing.
    fn masked_softmax(scores: ArrayOf<Self>, mask: &MaskOf<Self>) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::masked_softmax::<Self>(scores, mask)
    }

    /// The product `(.., m, k) x (.., k, n)` over equal leading axes, or with a `y` of two axes. Sums are calculated in the type
    /// [`Number::Sum`]; integers wrap around.
    fn matmul(x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> ArrayOf<Self>
    where
        Self::Elem: Number;
    /// `x (.., in)` times the transpose of `weight (out, in)`, and the epilogue, whose residual is `(.., out)`.
    fn linear(x: &ArrayOf<Self>, weight: &ArrayOf<Self>, after: Epilogue<'_, ArrayOf<Self>>) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::linear::<Self>(x, weight, after)
    }
    /// The windows over the two last axes of `x (.., height, width)`, by the place in a window:
    /// `(.., size[0], size[1], count[0], count[1])`. Beyond the ends stands `fill`.
    fn windows(x: &ArrayOf<Self>, windows: Windows, fill: Self::Elem) -> ArrayOf<Self>
    where
        Self::Elem: Number,
    {
        composed::windows::<Self>(x, windows, fill)
    }

    /// The convolution of `x (batch, in, height, width)` by `weight (out, in / groups, size[0], size[1])`, to which `bias (out)`
    /// is added: `(batch, out, count[0], count[1])`. Each output is a sum over the window, in all
    /// input channels of its group, by a weight that is not flipped; beyond the ends stand zeros.
    fn convolution(
        x: &ArrayOf<Self>,
        weight: &ArrayOf<Self>,
        bias: Option<&ArrayOf<Self>>,
        groups: usize,
        windows: Windows,
    ) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::convolution::<Self>(x, weight, bias, groups, windows)
    }

    /// The transposed convolution: each element of `x (batch, in, count[0], count[1])`, times
    /// `weight (in, out / groups, size[0], size[1])`, is added to its window of the result `(batch, out, sizes[0], sizes[1])`,
    /// and so is `bias (out)`. It is what gives the gradient of a convolution.
    fn transposed_convolution(
        x: &ArrayOf<Self>,
        weight: &ArrayOf<Self>,
        bias: Option<&ArrayOf<Self>>,
        groups: usize,
        windows: Windows,
        sizes: [usize; 2],
    ) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::transposed_convolution::<Self>(x, weight, bias, groups, windows, sizes)
    }

    /// `(x - mean) / sqrt(variance + epsilon) * weight + bias` over the last axis.
    fn layer_norm(x: ArrayOf<Self>, weight: &ArrayOf<Self>, bias: Option<&ArrayOf<Self>>, epsilon: f64) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::layer_norm::<Self>(x, weight, bias, epsilon)
    }
    /// `x / sqrt(mean(x²) + epsilon) * weight` over the last axis.
    fn rms_norm(x: ArrayOf<Self>, weight: &ArrayOf<Self>, epsilon: f64) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::rms_norm::<Self>(x, weight, epsilon)
    }
    /// The pairs of elements of each head of `x (batch, heads, sequence, d)` rotated by angles, of which the cosines and the sines
    /// are `(batch, sequence, d / 2)`: the same for all heads. They have no part in gradients.
    fn rotate(x: ArrayOf<Self>, cos: &ArrayOf<Self>, sin: &ArrayOf<Self>, layout: RotaryLayout) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::rotate::<Self>(&x, [cos, sin], layout)
    }
    /// The weights of [`attention`](Self::attention), `(batch, heads, queries, keys)`.
    fn attention_weights(
        q: &ArrayOf<Self>,
        k: &ArrayOf<Self>,
        mask: &MaskOf<Self>,
        options: OptionsOf<'_, Self>,
    ) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::attention_weights::<Self>(q, k, mask, options)
    }
    /// `softmax(scale · q · kᵀ) · v` on the pairs that `mask` allows, where the options say more: `q (batch, heads, queries, d)`,
    /// `k (batch, key_heads, keys, d)`, `v (batch, key_heads, keys, e)`. Query head `i` uses key head
    /// `i / (heads / key_heads)`. A query that may attend to nothing gives zeros. What keys and values hold beyond the lengths
    /// of their sequence has no part in it, if it is NaN either.
    fn attention(
        q: &ArrayOf<Self>,
        k: &ArrayOf<Self>,
        v: &ArrayOf<Self>,
        mask: &MaskOf<Self>,
        options: OptionsOf<'_, Self>,
    ) -> ArrayOf<Self>
    where
        Self::Elem: Float,
    {
        composed::attention::<Self>([q, k, v], mask, options)
    }
}
