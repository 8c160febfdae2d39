//! The native backend: the processor.

mod array;
mod gradient;
pub(crate) mod kernels;
mod memory;
mod ops;
mod parallel;
#[cfg(test)]
mod testing;

pub use array::Array;
pub(crate) use array::{Blocks, Same, SharedBytes};
pub use gradient::Gradients;
pub(crate) use kernels::Format;
pub use memory::{packed_weights, release_memory};
pub use parallel::threads;
/// Kernels for `benches/static_sizes.rs`.
#[doc(hidden)]
pub mod static_sizes {
    pub use super::kernels::simd::{StaticSizes, multiply_dynamic, multiply_static};
}

use array::Probabilities;
use gradient::{After, Move, Op, Tape, is_by_result, is_recorded};
use ops::{attention, cross_entropy, elementwise, fused, gather, join, matmul, norm, reduce, rotary, softmax};

use crate::backend::{
    AttentionMask, Backend, Binary, Compare, Element, Epilogue, Float, Number, Program, Reduce, RotaryLayout,
    TableIndex, Unary,
};
use crate::sealed::Sealed;
use std::marker::PhantomData;

/// The backend that calculates on the processor, with elements of type `T`.
#[derive(Clone, Copy, Debug)]
pub struct Cpu<T>(PhantomData<fn() -> T>);

impl<T: Element> Backend for Cpu<T> {
    type Elem = T;
    type With<U: Element> = Cpu<U>;
    type Array = Array<T>;
    type Gradients = Gradients;
    #[inline(always)]
    fn is_checked(_: Option<Sealed>) -> bool {
        false
    }

    fn from_elements(elements: Vec<T>, sizes: &[usize]) -> Array<T> {
        Array::from_vec(elements, sizes)
    }
    fn collect(elements: impl Iterator<Item = T>, sizes: &[usize]) -> Array<T> {
        Array::collect(sizes, elements)
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
        Tape::new(&[x], || Move::Permute(order.to_vec())).record(|| x.permute(order))
    }
    fn reshape(x: &Array<T>, sizes: &[usize]) -> Array<T> {
        Tape::new(&[x], || Move::Reshape(x.sizes().to_vec())).record(|| x.reshape(sizes))
    }
    fn narrow(x: &Array<T>, axis: usize, start: usize, len: usize) -> Array<T> {
        let starts = || (0..x.sizes().len()).map(|i| if i == axis { start } else { 0 }).collect();
        Tape::new(&[x], || Move::Narrow([x.sizes().to_vec(), starts()])).record(|| x.narrow(axis, start, len))
    }
    fn broadcast(x: &Array<T>, sizes: &[usize]) -> Array<T> {
        Tape::new(&[x], || Move::Broadcast(x.sizes().to_vec())).record(|| x.broadcast(sizes))
    }
    fn concat(parts: &[&Array<T>], axis: usize) -> Array<T> {
        let op = || Move::Concat(axis, parts.iter().map(|part| part.sizes()[axis]).collect());
        Tape::new(parts, op).record(|| join::concat(parts, axis))
    }
    fn update_slice(x: Array<T>, part: &Array<T>, starts: &[usize]) -> Array<T> {
        let tape = Tape::new(&[&x, part], || Move::UpdateSlice([part.sizes().to_vec(), starts.to_vec()]));
        tape.record(|| join::update_slice(x.detached(), part, starts))
    }
    fn gather<I: TableIndex>(table: &Array<T>, ids: &Array<I>) -> Array<T> {
        Tape::new(&[table], || Move::Gather(table.sizes().to_vec(), ids.elements().iter().map(|id| id.row()).collect()))
            .record(|| gather::gather(table, ids))
    }
    fn cast<U: Number>(x: &Array<T>) -> Array<U>
    where
        T: Number,
    {
        gradient::cast(x)
    }

    fn unary(op: Unary, x: Array<T>) -> Array<T>
    where
        T: Float,
    {
        let tape = Tape::new(&[&x], || Op::unary(op, &x));
        if op == Unary::Sigmoid {
            return tape.record(|| elementwise::unary(op, x)).with_probabilities(Probabilities::BySigmoid);
        }
        tape.record(|| elementwise::unary(op, x))
    }
    fn binary(op: Binary, x: Array<T>, y: Array<T>) -> Array<T>
    where
        T: Number,
    {
        let tape = Tape::new(&[&x, &y], || Op::binary(op, &x, &y));
        tape.record(|| elementwise::binary(op, x, y))
    }
    fn binary_scalar(op: Binary, x: Array<T>, y: T) -> Array<T>
    where
        T: Number,
    {
        let tape = Tape::new(&[&x], || Op::binary_scalar(op, &x, y));
        tape.record(|| elementwise::binary_scalar(op, x, y))
    }
    fn scalar_binary(op: Binary, x: T, y: Array<T>) -> Array<T>
    where
        T: Number,
    {
        let tape = Tape::new(&[&y], || Op::scalar_binary(op, x, &y));
        tape.record(|| elementwise::scalar_binary(op, x, y))
    }
    fn fused(program: &Program<T>, inputs: &[Array<T>]) -> Array<T>
    where
        T: Float,
    {
        let saved = || inputs.iter().map(Array::saved).collect();
        let tape = Tape::new(&inputs.iter().collect::<Vec<_>>(), || Op::Fused(program.clone(), saved()));
        tape.record(|| fused::fused(program, inputs))
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
        Tape::new(&[x, y], || Move::Select(condition.saved())).record(|| elementwise::select(condition, x, y))
    }

    fn reduce(op: Reduce, x: &Array<T>, axis: usize) -> Array<T>
    where
        T: Number,
    {
        Tape::new(&[x], || Op::reduce(op, x, axis)).record(|| reduce::reduce(op, x, axis))
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
        let (values, positions) = reduce::top_k(x, k);
        (Tape::new(&[x], || Op::TopK(x.sizes().to_vec(), positions.saved())).record(|| values), positions)
    }
    fn softmax(x: Array<T>, axis: usize) -> Array<T>
    where
        T: Float,
    {
        let tape = Tape::new(&[&x], || Op::Softmax(axis));
        tape.record(|| softmax::softmax(x, axis)).with_probabilities(Probabilities::BySoftmax)
    }
    fn probabilities_by(x: &Array<T>) -> Option<&'static str> {
        match x.probabilities() {
            Probabilities::Unknown => None,
            Probabilities::BySoftmax => Some("softmax"),
            Probabilities::BySigmoid => Some("sigmoid"),
        }
    }
    fn log_softmax(x: Array<T>, axis: usize) -> Array<T>
    where
        T: Float,
    {
        Tape::new(&[&x], || Op::LogSoftmax(axis)).record(|| softmax::log_softmax(x, axis))
    }
    fn cross_entropy<I: TableIndex>(x: &Array<T>, targets: &Array<I>, smoothing: f64) -> Array<T>
    where
        T: Float,
    {
        let targets = targets.elements().iter().map(|target| target.row()).collect::<Vec<_>>();
        let losses = cross_entropy::cross_entropy(x, &targets, smoothing);
        Tape::new(&[x], || Op::CrossEntropy(x.saved(), targets, smoothing)).record(|| losses)
    }
    fn masked_softmax(scores: Array<T>, mask: &AttentionMask) -> Array<T>
    where
        T: Float,
    {
        Tape::new(&[&scores], || Op::Softmax(3)).record(|| softmax::masked_softmax(scores, mask))
    }

    fn matmul(x: &Array<T>, y: &Array<T>) -> Array<T>
    where
        T: Number,
    {
        Tape::new(&[x, y], || Op::MatMul([x.saved(), y.saved()])).record(|| matmul::matmul(x, y))
    }
    fn linear(x: &Array<T>, weight: &Array<T>, after: Epilogue<'_, Array<T>>) -> Array<T>
    where
        T: Float,
    {
        let inputs: [_; 4] = [Some(x), Some(weight), after.bias, after.residual];
        if !is_recorded(inputs.into_iter().flatten()) {
            return matmul::linear(x, weight, after);
        }
        let (mut result, mut activation) = (None, None);
        if let Some(op) = after.activation {
            let at_once = is_by_result(op);
            let first = Epilogue { bias: after.bias, activation: after.activation.filter(|_| at_once), residual: None };
            // What the slope is calculated of: the activated product, or the product.
            let kept = matmul::linear(x, weight, first);
            let activated = if at_once { kept.clone() } else { elementwise::unary(op, kept.clone()) };
            activation = Some((op, kept));
            result = Some(match after.residual {
                Some(residual) => elementwise::binary(Binary::Add, activated, residual.clone()),
                None => activated,
            });
        }
        let inputs: Vec<_> = inputs.into_iter().flatten().collect();
        let tape = Tape::new(&inputs, || {
            let after = After { bias: after.bias.is_some(), activation, residual: after.residual.is_some() };
            Op::Linear([x.saved(), weight.saved()], after)
        });
        tape.record(|| result.unwrap_or_else(|| matmul::linear(x, weight, after)))
    }
    fn layer_norm(x: Array<T>, weight: &Array<T>, bias: Option<&Array<T>>, epsilon: f64) -> Array<T>
    where
        T: Float,
    {
        let op = || Op::Norm([x.saved(), weight.saved()], true, epsilon);
        let tape = match bias {
            Some(bias) => Tape::new(&[&x, weight, bias], op),
            None => Tape::new(&[&x, weight], op),
        };
        tape.record(|| norm::layer_norm(x, weight, bias, epsilon))
    }
    fn rms_norm(x: Array<T>, weight: &Array<T>, epsilon: f64) -> Array<T>
    where
        T: Float,
    {
        let tape = Tape::new(&[&x, weight], || Op::Norm([x.saved(), weight.saved()], false, epsilon));
        tape.record(|| norm::rms_norm(x, weight, epsilon))
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
        let rows = || Array::from_vec(positions.elements().iter().map(|id| id.row()).collect(), positions.sizes());
        let tape = Tape::new(&[&x], || Op::Rotate(rows(), [cos.saved(), sin.saved()], layout));
        tape.record(|| rotary::rotate(x, positions, cos, sin, layout))
    }
    fn attention_weights(q: &Array<T>, k: &Array<T>, mask: &AttentionMask, scale: f64) -> Array<T>
    where
        T: Float,
    {
        let inputs = || ([q.saved(), k.saved()], mask.clone());
        let tape = Tape::new(&[q, k], || Op::AttentionWeights(Box::new(inputs()), scale));
        tape.record(|| attention::weights(q, k, mask, scale))
    }
    fn attention(q: &Array<T>, k: &Array<T>, v: &Array<T>, mask: &AttentionMask, scale: f64) -> Array<T>
    where
        T: Float,
    {
        let inputs = || ([q.saved(), k.saved(), v.saved()], mask.clone());
        let tape = Tape::new(&[q, k, v], || Op::Attention(Box::new(inputs()), scale));
        tape.record(|| attention::attention(q, k, v, mask, scale))
    }

    fn track(x: Array<T>) -> Array<T>
    where
        T: Float,
    {
        gradient::track(x)
    }
    fn is_tracked(x: &Array<T>) -> bool {
        x.tracked().is_some()
    }
    fn detach(x: Array<T>) -> Array<T> {
        x.detached()
    }
    fn checkpoint<R>(x: Array<T>, block: impl Fn(Array<T>) -> (Array<T>, R) + Send + Sync + 'static) -> (Array<T>, R)
    where
        T: Float,
    {
        gradient::checkpoint(x, block)
    }
    fn backward(x: Array<T>) -> Gradients
    where
        T: Float,
    {
        gradient::backward(x)
    }
    fn gradient(gradients: &Gradients, x: &Array<T>) -> Option<Array<T>>
    where
        T: Float,
    {
        gradient::gradient(gradients, x)
    }
    fn set_gradient(gradients: &mut Gradients, x: &Array<T>, gradient: Array<T>)
    where
        T: Float,
    {
        gradient::set_gradient(gradients, x, gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
