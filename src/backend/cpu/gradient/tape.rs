//! Recording what is done to tracked arrays.

use super::super::array::Array;
use super::super::elementwise::map;
use super::graph::{AnyArray, Gradients, Node};
use super::operation::{Op, Operation};
use crate::backend::{Element, Float, Number, is_recording};
use std::sync::Arc;

/// Makes a node of an operation, of its inputs, and of whether its gradient is a result.
///
/// A tracked array hands it on to what is made of it. So operations that do not calculate are recorded without knowing
/// that the elements are numbers.
pub struct Recorder<T>(fn(Operation<T>, Vec<Option<Arc<Node>>>, bool) -> Arc<Node>);

impl<T> Clone for Recorder<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Recorder<T> {}

impl<T: Float> Recorder<T> {
    pub fn new() -> Self {
        Recorder(|operation, inputs, kept| Node::new(Box::new(operation), inputs, kept))
    }
}

impl<T> Recorder<T> {
    /// The result of an operation on these inputs, tracked.
    pub fn record(self, op: Op<T>, inputs: Vec<Option<Arc<Node>>>, result: Array<T>) -> Array<T> {
        let node = (self.0)(Operation { op, result: None }, inputs, false);
        result.with_tracked(Tracked { node, recorder: self })
    }
}

/// What a tracked array knows of how it came about.
pub struct Tracked<T> {
    pub node: Arc<Node>,
    pub recorder: Recorder<T>,
}

impl<T> Clone for Tracked<T> {
    fn clone(&self) -> Self {
        Tracked { node: self.node.clone(), recorder: self.recorder }
    }
}

/// An operation that is being calculated, if it is to be recorded.
pub struct Tape<T>(Option<Box<Recording<T>>>);

struct Recording<T> {
    recorder: Recorder<T>,
    inputs: Vec<Option<Arc<Node>>>,
    op: Op<T>,
}

impl<T: Element> Tape<T> {
    /// Whether an operation on these inputs is recorded.
    #[inline]
    pub fn records<'a>(inputs: impl IntoIterator<Item = &'a Array<T>>) -> bool
    where
        T: 'a,
    {
        inputs.into_iter().any(|x| x.tracked().is_some()) && is_recording()
    }

    /// The operation on these inputs is recorded if one of them is tracked. It is made before an input may be overwritten:
    /// what it keeps is not, since it holds it.
    #[inline]
    pub fn new(inputs: &[&Array<T>], op: impl FnOnce() -> Op<T>) -> Self {
        if !Self::records(inputs.iter().copied()) {
            return Tape(None);
        }
        Self::begin(inputs, op)
    }

    #[cold]
    fn begin(inputs: &[&Array<T>], op: impl FnOnce() -> Op<T>) -> Self {
        let recorder = inputs.iter().find_map(|x| x.tracked()).map(|tracked| tracked.recorder);
        let inputs = inputs.iter().map(|x| x.tracked().map(|tracked| tracked.node.clone())).collect();
        Tape(recorder.map(|recorder| Box::new(Recording { recorder, inputs, op: op() })))
    }

    /// The result of `operation`, which is tracked if it is recorded. It is written where it will be: to move an array once
    /// more took a third of the time of a view.
    #[inline]
    pub fn record(self, operation: impl FnOnce() -> Array<T>) -> Array<T> {
        match self.0 {
            None => operation(),
            Some(recording) => recording.end(operation()),
        }
    }
}

impl<T: Element> Recording<T> {
    #[cold]
    fn end(self, result: Array<T>) -> Array<T> {
        let Recording { recorder, inputs, op } = self;
        let saved = op.keeps_result().then(|| result.clone());
        let node = (recorder.0)(Operation { op, result: saved }, inputs, false);
        result.with_tracked(Tracked { node, recorder })
    }
}

/// The array, whose gradient will be a result.
pub fn track<T: Float>(x: Array<T>) -> Array<T> {
    let recorder = Recorder::new();
    let inputs = x.tracked().map(|tracked| Some(tracked.node.clone())).into_iter().collect();
    let node = (recorder.0)(Operation { op: Op::Same, result: None }, inputs, true);
    x.with_tracked(Tracked { node, recorder })
}

/// A conversion, which is recorded if it is one of floating-point numbers.
pub fn cast<T: Number, U: Number>(x: &Array<T>) -> Array<U> {
    let result = converted::<T, U>(x);
    match (x.tracked(), U::recorder()) {
        (Some(tracked), Some(recorder)) if is_recording() => {
            let back: fn(&Array<U>) -> AnyArray = |gradient| Box::new(converted::<U, T>(gradient));
            recorder.record(Op::Cast(back), vec![Some(tracked.node.clone())], result)
        }
        _ => result,
    }
}

fn converted<T: Number, U: Number>(x: &Array<T>) -> Array<U> {
    map(x, 1, |x| U::from_value(x.to_value()))
}

/// The gradients of the one element of an array.
pub fn backward<T: Float>(x: Array<T>) -> Gradients {
    assert_eq!(x.layout().len(), 1, "gradients are those of one number");
    let Some(Tracked { node, .. }) = x.tracked().cloned() else { return Gradients::none() };
    let gradient = Array::full(T::one(), x.sizes());
    drop(x);
    Gradients::new(node, Box::new(gradient))
}

/// The gradient with respect to a tracked array, if the number depends on it.
pub fn gradient<T: Float>(gradients: &Gradients, x: &Array<T>) -> Option<Array<T>> {
    gradients.get(&x.tracked()?.node)?.downcast_ref::<Array<T>>().cloned()
}

/// Puts a gradient in place of that with respect to a tracked array.
pub fn set_gradient<T: Float>(gradients: &mut Gradients, x: &Array<T>, gradient: Array<T>) {
    assert_eq!(gradient.sizes(), x.sizes(), "a gradient has the sizes of its array");
    if let Some(tracked) = x.tracked() {
        // Nobody asks how a gradient came about, and what it holds would be kept with it.
        gradients.set(&tracked.node, Box::new(gradient.detached()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Cpu;
    use super::*;
    use crate::backend::{Backend, Binary};

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
