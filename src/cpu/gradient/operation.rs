//! The operations that are recorded, and the backward pass of each.

use super::convolution::SavedConvolution;
use super::elementwise::DerivativeOf;
use super::graph::{AnyArray, Contribution, GradFn, Node};
use super::matmul::{self, SavedEpilogue};
use super::movement::{Move, OfGradient};
use super::{
    attention, checkpoint, convolution, cross_entropy, elementwise, fused, gather, join, norm, recurrence, reduce,
    scan, softmax,
};
use crate::backend::{
    Binary, Element, Float, Number, OfFloat, Program, Reduce, RotaryLayout, Scan, Unary, Windows, no_grad,
};
use crate::cpu::array::Array;
use crate::cpu::ops::gather as rows;
use crate::cpu::ops::{convolution as images, elementwise as forward, rotary};
use std::sync::Arc;

/// From the gradient of a result, those of all inputs.
pub type Custom<T> = dyn Fn(Array<T>) -> Vec<Array<T>> + Send + Sync;

/// An operation, with the arrays and numbers that its backward pass needs.
pub enum Op<T> {
    /// None: the result is the input.
    Same,
    /// A conversion, with the inverse one.
    Cast(fn(&Array<T>) -> AnyArray),
    /// One that moves elements.
    Move(Move),
    /// The sizes of the input, and the positions that were taken of each row.
    TopK(Vec<usize>, Array<u32>),
    /// The function and its argument, where that is needed.
    Unary(Unary, Option<Array<T>>),
    /// The function, the sizes of its arguments, and those that are needed.
    Binary(Binary, [Vec<usize>; 2], [Option<Array<T>>; 2]),
    /// The function, its argument where that is needed, and the number behind it.
    BinaryScalar(Binary, Option<Array<T>>, T),
    /// The function, the number before its argument, and that where it is needed.
    ScalarBinary(Binary, T, Option<Array<T>>),
    /// Functions one after another, and the inputs.
    Fused(Program<T>, Vec<Array<T>>),
    /// The function, its argument where that is needed, the sizes of that, and the axis.
    Reduce(Reduce, Option<Array<T>>, Vec<usize>, usize),
    /// The row that each of those added was for, and the sizes of all of these.
    ScatterAdd(Vec<usize>, Vec<usize>),
    /// The argument of a product, and the axis.
    Scan(Option<Array<T>>, usize),
    /// The decays, and the axis.
    Recurrence(Array<T>, usize),
    /// The windows, and the sizes of the input.
    Windows(Windows, Vec<usize>),
    Convolution(Box<SavedConvolution<T>>),
    /// Softmax along an axis, masked or not.
    Softmax(usize),
    LogSoftmax(usize),
    /// The logits, the target of each row, and the smoothing.
    CrossEntropy(Array<T>, Vec<usize>, f64),
    /// The factors.
    MatMul([Array<T>; 2]),
    /// The input and the weight; a bias and a residual may follow.
    Linear([Array<T>; 2], SavedEpilogue<T>),
    /// The input and the weight, whether it is centered, and what is added to the mean square; a bias may follow.
    Norm([Array<T>; 2], bool, f64),
    /// Cosines and sines.
    Rotate([Array<T>; 2], RotaryLayout),
    /// Attention, or its weights.
    Attention(Box<attention::Saved<T>>),
    /// The block that is recomputed in the backward pass, and its input.
    Checkpoint(Arc<checkpoint::Block<T>>, Array<T>),
    /// A backward pass of the user's own.
    Custom(Arc<Custom<T>>),
}

impl<T> Op<T> {
    pub fn unary(op: Unary, x: &Array<T>) -> Self {
        let is_needed = elementwise::derivative_of(op) == DerivativeOf::Argument;
        Op::Unary(op, is_needed.then(|| x.saved()))
    }

    pub fn binary_scalar(op: Binary, x: &Array<T>, y: T) -> Self {
        let [is_needed, _] = elementwise::needed(op, [true, false]);
        Op::BinaryScalar(op, is_needed.then(|| x.saved()), y)
    }

    pub fn scalar_binary(op: Binary, x: T, y: &Array<T>) -> Self {
        let [_, is_needed] = elementwise::needed(op, [false, true]);
        Op::ScalarBinary(op, x, is_needed.then(|| y.saved()))
    }

    pub fn reduce(op: Reduce, x: &Array<T>, axis: usize) -> Self {
        let is_needed = matches!(op, Reduce::Variance | Reduce::Max | Reduce::Min);
        Op::Reduce(op, is_needed.then(|| x.saved()), x.sizes().to_vec(), axis)
    }

    pub fn scan(op: Scan, x: &Array<T>, axis: usize) -> Self {
        Op::Scan((op == Scan::Product).then(|| x.saved()), axis)
    }

    pub fn binary(op: Binary, x: &Array<T>, y: &Array<T>) -> Self {
        let needed = elementwise::needed(op, [x.tracked().is_some(), y.tracked().is_some()]);
        let saved = [needed[0].then(|| x.saved()), needed[1].then(|| y.saved())];
        Op::Binary(op, [x.sizes().to_vec(), y.sizes().to_vec()], saved)
    }

    /// Whether the backward pass needs the result.
    pub fn saves_result(&self) -> bool {
        match self {
            Op::Unary(op, _) => elementwise::derivative_uses_result(*op),
            Op::Reduce(op, ..) => matches!(op, Reduce::Max | Reduce::Min),
            Op::Softmax(_) | Op::LogSoftmax(_) | Op::Recurrence(..) => true,
            _ => false,
        }
    }
}

/// A recorded operation, with its result if the backward pass needs it.
pub struct Operation<T> {
    pub op: Op<T>,
    pub result: Option<Array<T>>,
}

/// The inverse permutation.
fn inverse(order: &[usize]) -> Vec<usize> {
    let mut inverse = vec![0; order.len()];
    order.iter().enumerate().for_each(|(to, &from)| inverse[from] = to);
    inverse
}

fn array<T: Element + 'static>(array: AnyArray) -> Array<T> {
    *array.downcast().expect("a gradient has the elements of its array")
}

impl<T: Float> GradFn for Operation<T> {
    #[inline(never)]
    fn backward(&self, gradient: AnyArray, inputs: &[Option<Arc<Node>>]) -> Vec<(Arc<Node>, Contribution)> {
        if inputs.is_empty() {
            return Vec::new();
        }
        let gradient = array::<T>(gradient);
        let whole = |array: Array<T>| Some(Contribution { array: Box::new(array), slice: None });
        let contributions = match &self.op {
            Op::Checkpoint(block, x) => {
                let result = checkpoint::recompute(&**block, x, inputs);
                return result.into_iter().filter_map(|node| Some((node, whole(gradient.clone())?))).collect();
            }
            Op::Cast(back) => vec![Some(Contribution { array: back(&gradient), slice: None })],
            Op::Move(Move::Narrow(slice)) => {
                vec![Some(Contribution { array: Box::new(gradient), slice: Some(slice.clone()) })]
            }
            _ => {
                let needs_grad: Vec<_> = inputs.iter().map(Option::is_some).collect();
                self.gradients(gradient, &needs_grad).into_iter().map(|found| found.and_then(whole)).collect()
            }
        };
        let of_tracked = inputs.iter().zip(contributions);
        of_tracked.filter_map(|(input, contribution)| Some((input.clone()?, contribution?))).collect()
    }

    #[inline(never)]
    fn accumulate(&self, sum: Option<AnyArray>, Contribution { array: addend, slice }: Contribution) -> AnyArray {
        let (sum, addend) = (sum.map(array::<T>), array::<T>(addend));
        Box::new(match (sum, slice) {
            (None, None) => addend,
            (Some(sum), None) => forward::binary(Binary::Add, sum, addend),
            (sum, Some([sizes, starts])) => {
                let sum = sum.unwrap_or_else(|| Array::full(T::zero(), &sizes));
                join::add_slice(sum, &addend, &starts)
            }
        })
    }

    #[inline(never)]
    fn moved(&self, op: Move) -> Box<dyn GradFn> {
        Box::new(Operation::<T> { op: Op::Move(op), result: None })
    }

    #[inline(never)]
    fn share(&self, array: &AnyArray) -> AnyArray {
        Box::new(array.downcast_ref::<Array<T>>().expect("a gradient has the elements of its array").clone())
    }
}

// Boxed, since it is large: so it is moved no more.
impl<T: Number> OfFloat<T> for Box<Operation<T>> {
    type Output = Box<dyn GradFn>;

    fn call(self) -> Box<dyn GradFn>
    where
        T: Float,
    {
        self
    }
}

/// The operation as the `grad_fn` of a node, if its elements are floating-point numbers. Backward passes of other types are not
/// compiled for it.
pub fn grad_fn<T: Number>(operation: Operation<T>) -> Option<Box<dyn GradFn>> {
    T::if_float(Box::new(operation))
}

impl<T: Float> Operation<T> {
    /// The gradients of the inputs that are wanted, and perhaps of others.
    fn gradients(&self, gradient: Array<T>, needs_grad: &[bool]) -> Vec<Option<Array<T>>> {
        let only = |found| vec![Some(found)];
        let result = || self.result.as_ref().expect("the result was saved");
        match &self.op {
            Op::Same | Op::Cast(_) | Op::Move(Move::Narrow(_)) | Op::Checkpoint(..) => only(gradient),
            Op::Move(Move::Permute(order)) => only(gradient.permute(&inverse(order))),
            Op::Move(Move::Reshape(sizes)) => only(gradient.reshape(sizes)),
            Op::Move(Move::Broadcast(sizes)) => only(reduce::sum_to(gradient, sizes)),
            Op::Move(Move::Concat(axis, parts)) => {
                let mut start = 0;
                let part = |&len: &usize| {
                    start += len;
                    Some(gradient.narrow(*axis, start - len, len))
                };
                parts.iter().map(part).collect()
            }
            Op::Move(Move::Made(backward)) => {
                let backward: &OfGradient<T> = backward.downcast_ref().expect("a result has the elements of its input");
                only(no_grad(|| backward(gradient)).detached())
            }
            Op::Move(Move::UpdateSlice([sizes, starts])) => join::update_slice(gradient, sizes, starts),
            Op::Move(Move::Gather(sizes, at)) => only(rows::scatter_add(Array::full(T::zero(), sizes), at, &gradient)),
            Op::Move(Move::PutAlong(places, sizes)) => gather::put_along(gradient, places, sizes).map(Some).into(),
            Op::ScatterAdd(at, sizes) => {
                let of_rows = needs_grad[1].then(|| rows::gather(&gradient, at.iter().copied(), &[at.len()]));
                vec![Some(gradient), of_rows.map(|of_rows| of_rows.reshape(sizes))]
            }
            Op::Scan(None, axis) => only(scan::sum(&gradient, *axis)),
            Op::Scan(Some(x), axis) => only(scan::product(x, &gradient, *axis)),
            Op::Recurrence(decay, axis) => recurrence::recurrence(decay, result(), *axis, &gradient, needs_grad),
            Op::Windows(windows, sizes) => only(images::add_windows(&gradient, windows, sizes)),
            Op::Convolution(saved) => convolution::convolution(saved, &gradient, needs_grad),
            Op::TopK(sizes, positions) => only(gather::add_elements(&gradient, positions, sizes)),
            Op::Move(Move::Select(condition)) => {
                let zeros = Array::full(T::zero(), gradient.sizes());
                let grad_x = needs_grad[0].then(|| forward::select(condition, &gradient, &zeros));
                vec![grad_x, needs_grad[1].then(|| forward::select(condition, &zeros, &gradient))]
            }
            Op::Unary(Unary::Neg, _) => only(forward::unary(Unary::Neg, gradient)),
            Op::Unary(op, None) if elementwise::derivative_of(*op) == DerivativeOf::Nothing => {
                only(Array::full(T::zero(), gradient.sizes()))
            }
            Op::Unary(op, x) => only(elementwise::unary(*op, x.as_ref().unwrap_or_else(|| result()), gradient)),
            Op::Binary(op, sizes, saved) => elementwise::binary(*op, sizes, saved, gradient, needs_grad),
            Op::BinaryScalar(op, x, y) => only(elementwise::binary_scalar(*op, x.as_ref(), *y, gradient)),
            Op::ScalarBinary(op, x, y) => only(elementwise::scalar_binary(*op, *x, y.as_ref(), gradient)),
            Op::Fused(program, inputs) => fused::fused(program, inputs, &gradient, needs_grad),
            Op::Reduce(op, x, sizes, axis) => {
                let of = x.as_ref().map(|x| (x, self.result.as_ref().unwrap_or(x)));
                only(reduce::reduced(*op, of, sizes, *axis, &gradient))
            }
            Op::Softmax(axis) => only(softmax::softmax(result(), *axis, gradient)),
            Op::LogSoftmax(axis) => only(softmax::log_softmax(result(), *axis, gradient)),
            Op::CrossEntropy(x, targets, smoothing) => {
                only(cross_entropy::cross_entropy(x, targets, *smoothing, &gradient))
            }
            Op::MatMul([x, y]) => matmul::matmul(x, y, &gradient, needs_grad),
            Op::Linear([x, weight], epilogue) => matmul::linear(x, weight, epilogue, gradient, needs_grad),
            Op::Norm([x, weight], centered, epsilon) => norm::norm(x, weight, *centered, *epsilon, gradient),
            Op::Rotate([cos, sin], layout) => {
                // The inverse rotation.
                let sin = forward::unary(Unary::Neg, sin.clone());
                only(rotary::rotate(gradient, cos, &sin, *layout))
            }
            Op::Attention(saved) => attention::attention(saved, &gradient, needs_grad),
            Op::Custom(backward) => {
                no_grad(|| backward(gradient)).into_iter().map(|found| Some(found.detached())).collect()
            }
        }
    }
}
