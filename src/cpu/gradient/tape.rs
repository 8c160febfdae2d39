//! Recording what is done to tracked arrays.

use super::attention::Saved;
use super::convolution::SavedConvolution;
use super::elementwise::derivative_uses_result;
use super::graph::{self, AnyArray, Gradients, Node, node_of};
use super::matmul::SavedEpilogue;
use super::movement::Move;
use super::operation::{Op, Operation, grad_fn};
use crate::backend::{Binary, Epilogue, Float, Number, Windows, is_recording, no_grad};
use crate::cpu::array::Array;
use crate::cpu::kernels::convert;
use crate::cpu::ops::elementwise::{self, map};
use crate::cpu::ops::key_mask::Mask;
use crate::cpu::ops::matmul;
use crate::cpu::ops::scores::Options;
use crate::cpu::parallel::for_each_chunk;
use std::any::Any;
use std::sync::Arc;

/// An operation that can be recorded: it makes the node of the result.
pub trait Record<T> {
    /// At least one of the inputs is tracked.
    fn record(self, inputs: Vec<Option<Arc<Node>>>, result: &Array<T>) -> Arc<Node>;
}

impl<T: Number> Record<T> for Op<T> {
    #[inline(always)]
    fn record(self, inputs: Vec<Option<Arc<Node>>>, result: &Array<T>) -> Arc<Node> {
        let result = self.saves_result().then(|| result.clone());
        let grad_fn = grad_fn(Operation { op: self, result }).expect("only floating-point numbers are tracked");
        Node::new(grad_fn, inputs, false)
    }
}

impl<T> Record<T> for Move {
    /// The tracked input knows the element type, which may be any here.
    fn record(self, inputs: Vec<Option<Arc<Node>>>, _: &Array<T>) -> Arc<Node> {
        let tracked = inputs.iter().flatten().next().expect("an operation on no tracked array is not recorded");
        Node::new(tracked.grad_fn().moved(self), inputs, false)
    }
}

/// Whether an operation on these inputs is recorded.
#[inline]
fn is_recorded<'a, T: 'a>(inputs: impl IntoIterator<Item = &'a Array<T>>) -> bool {
    inputs.into_iter().any(|x| x.tracked().is_some()) && is_recording()
}

/// An operation that is being calculated, if it is to be recorded.
pub struct Tape<O>(Option<Box<Recording<O>>>);

struct Recording<O> {
    inputs: Vec<Option<Arc<Node>>>,
    op: O,
}

impl<O> Tape<O> {
    /// Records an operation on these inputs if one of them is tracked. `op` runs before an input may be overwritten: the views
    /// that it saves keep the buffers shared, and so unchanged.
    #[inline]
    pub fn new<T>(inputs: &[&Array<T>], op: impl FnOnce() -> O) -> Self {
        if !is_recorded(inputs.iter().copied()) {
            return Tape(None);
        }
        Self::begin(inputs, op)
    }

    #[cold]
    fn begin<T>(inputs: &[&Array<T>], op: impl FnOnce() -> O) -> Self {
        let inputs = inputs.iter().map(|x| node_of(x)).collect();
        Tape(Some(Box::new(Recording { inputs, op: op() })))
    }

    /// The result of `operation`, which is tracked if it is recorded. It is written where it will be: to move an array once
    /// more took a third of the time of a view.
    #[inline]
    pub fn record<T>(self, operation: impl FnOnce() -> Array<T>) -> Array<T>
    where
        O: Record<T>,
    {
        match self.0 {
            None => operation(),
            Some(recording) => recording.end(operation()),
        }
    }
}

impl<O> Recording<O> {
    #[cold]
    fn end<T>(self, result: Array<T>) -> Array<T>
    where
        O: Record<T>,
    {
        let node = self.op.record(self.inputs, &result);
        graph::track(result, node)
    }
}

/// The array as a leaf of the graph, whose gradient will be in [`Gradients`].
pub fn track<T: Float>(x: Array<T>) -> Array<T> {
    let inputs = node_of(&x).map(Some).into_iter().collect();
    let node = Node::new(Box::new(Operation::<T> { op: Op::Same, result: None }), inputs, true);
    graph::track(x, node)
}

/// Attention, or without values its weights, to be recorded if one of its inputs is tracked.
pub fn attention<T: Float>(
    [q, k]: [&Array<T>; 2],
    v: Option<&Array<T>>,
    mask: &Mask,
    options: Options<'_, T>,
) -> Tape<Op<T>> {
    let inputs = [Some(q), Some(k), v, options.bias, options.sinks];
    if !is_recorded(inputs.into_iter().flatten()) {
        return Tape(None);
    }
    let inputs: Vec<_> = inputs.into_iter().flatten().collect();
    Tape::begin(&inputs, || Op::Attention(Box::new(Saved::new(q, k, v, mask, options))))
}

/// A convolution or a transposed one, to be recorded if one of its inputs is tracked.
pub fn convolution<T: Float>(
    [x, weight]: [&Array<T>; 2],
    bias: Option<&Array<T>>,
    groups: usize,
    windows: Windows,
    is_transposed: bool,
) -> Tape<Op<T>> {
    let inputs: Vec<_> = [Some(x), Some(weight), bias].into_iter().flatten().collect();
    Tape::new(&inputs, || {
        let (inputs, has_bias) = ([x.saved(), weight.saved()], bias.is_some());
        Op::Convolution(Box::new(SavedConvolution { inputs, has_bias, groups, windows, is_transposed }))
    })
}

/// The array of what the block gives, recorded as one operation. Nobody knows yet whether the block depends on other arrays
/// that are tracked, so it is recorded in any case.
pub fn checkpoint<T: Float, R>(
    x: Array<T>,
    block: impl Fn(Array<T>) -> (Array<T>, R) + Send + Sync + 'static,
) -> (Array<T>, R) {
    if !is_recording() {
        return block(x);
    }
    let (saved, inputs) = (x.saved(), vec![node_of(&x)]);
    let (result, other) = no_grad(|| block(x));
    let op = Op::Checkpoint(Arc::new(move |x| block(x).0), saved);
    let node = Node::new(Box::new(Operation { op, result: None }), inputs, false);
    (graph::track(result, node), other)
}

/// A conversion, which is recorded if it is one of floating-point numbers. What is of the type already stays as it is.
pub fn cast<T: Number, U: Number>(x: &Array<T>) -> Array<U> {
    if let Some(same) = (x as &dyn Any).downcast_ref::<Array<U>>() {
        return if is_recording() { same.clone() } else { same.clone().detached() };
    }
    let result = converted::<T, U>(x);
    let Some(node) = node_of(x).filter(|_| is_recording()) else { return result };
    let back: fn(&Array<U>) -> AnyArray = |gradient| Box::new(converted::<U, T>(gradient));
    match grad_fn(Operation { op: Op::Cast(back), result: None }) {
        Some(grad_fn) => graph::track(result, Node::new(grad_fn, vec![Some(node)], false)),
        None => result,
    }
}

/// A conversion that is not recorded. What trains a type of numbers is not compiled for it.
pub fn converted<T: Number, U: Number>(x: &Array<T>) -> Array<U> {
    /// The elements that one core converts at a time.
    const CHUNK: usize = 1 << 13;
    // Between these types there are kernels.
    if convert::<T, U>(&[], &mut []) {
        let x = x.contiguous();
        let from = x.elements();
        return Array::build(x.sizes(), |to| {
            for_each_chunk(to, CHUNK, CHUNK / 16, |at, to| _ = convert(&from[at * CHUNK..][..to.len()], to));
        });
    }
    map(x, 1, |x| U::from_value(x.to_value()))
}

/// The gradients of the one element of an array.
pub fn backward<T: Float>(x: Array<T>) -> Gradients {
    assert_eq!(x.layout().len(), 1, "gradients are those of one number");
    let Some(node) = node_of(&x) else { return Gradients::none() };
    let gradient = Array::full(T::one(), x.sizes());
    drop(x);
    Gradients::new(node, Box::new(gradient))
}

/// The gradient with respect to a tracked array, if the number depends on it.
pub fn gradient<T: Float>(gradients: &Gradients, x: &Array<T>) -> Option<Array<T>> {
    gradients.get(&*node_of(x)?)?.downcast_ref::<Array<T>>().cloned()
}

/// Puts a gradient in place of that with respect to a tracked array.
pub fn set_gradient<T: Float>(gradients: &mut Gradients, x: &Array<T>, gradient: Array<T>) {
    assert_eq!(gradient.sizes(), x.sizes(), "a gradient has the sizes of its array");
    if let Some(node) = node_of(x) {
        // A gradient needs no graph of its own, and would keep it alive.
        gradients.set(&node, Box::new(gradient.detached()));
    }
}

/// A linear map whose backward pass has what the function of its epilogue needs.
pub fn linear<T: Float>(x: &Array<T>, weight: &Array<T>, epilogue: Epilogue<'_, Array<T>>) -> Array<T> {
    let inputs: [_; 4] = [Some(x), Some(weight), epilogue.bias, epilogue.residual];
    if !is_recorded(inputs.into_iter().flatten()) {
        return matmul::linear(x, weight, epilogue);
    }
    let (mut result, mut activation) = (None, None);
    if let Some(op) = epilogue.activation {
        let at_once = derivative_uses_result(op);
        let first =
            Epilogue { bias: epilogue.bias, activation: epilogue.activation.filter(|_| at_once), residual: None };
        // What the derivative is computed from: the activated product, or the product.
        let saved = matmul::linear(x, weight, first);
        let activated = if at_once { saved.clone() } else { elementwise::unary(op, saved.clone()) };
        activation = Some((op, saved));
        result = Some(match epilogue.residual {
            Some(residual) => elementwise::binary(Binary::Add, activated, residual.clone()),
            None => activated,
        });
    }
    let inputs: Vec<_> = inputs.into_iter().flatten().collect();
    let tape = Tape::new(&inputs, || {
        let saved = SavedEpilogue { bias: epilogue.bias.is_some(), activation, residual: epilogue.residual.is_some() };
        Op::Linear([x.saved(), weight.saved()], saved)
    });
    tape.record(|| result.unwrap_or_else(|| matmul::linear(x, weight, epilogue)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{Backend, Binary};
    use crate::cpu::Cpu;

    #[test]
    fn a_gradient_is_replaced() {
        let x = track(Array::from_vec(vec![3.0], &[1]));
        let unused = track(Array::from_vec(vec![1.0], &[1]));
        let mut gradients = backward(Cpu::<f64>::binary(Binary::Mul, x.clone(), x.clone()));
        let [first, second] = [7.0, 8.0].map(|x| Array::from_vec(vec![x], &[1]));
        set_gradient(&mut gradients, &x, first.clone());
        set_gradient(&mut gradients, &unused, second.clone());
        assert_eq!(gradient(&gradients, &x).unwrap().elements(), first.elements());
        assert_eq!(gradient(&gradients, &unused).unwrap().elements(), second.elements());
        let constant = x.detached();
        set_gradient(&mut gradients, &constant, first);
        assert!(gradient(&gradients, &constant).is_none());
    }
}
