//! Gradients on the processor, as the contract asks for them.

use super::gradient::{self, Op, Tape};
use super::{Array, Cpu, Gradients};
use crate::backend::{Autodiff, CustomFunctions, Float};
use std::sync::Arc;

#[diagnostic::do_not_recommend]
impl<T: Float> Autodiff for Cpu<T> {
    type Gradients = Gradients;

    #[inline(never)]
    fn track(x: Array<T>) -> Array<T> {
        gradient::track(x)
    }
    fn checkpoint<R>(x: Array<T>, block: impl Fn(Array<T>) -> (Array<T>, R) + Send + Sync + 'static) -> (Array<T>, R) {
        gradient::checkpoint(x, block)
    }
    #[inline(never)]
    fn backward(x: Array<T>) -> Gradients {
        gradient::backward(x)
    }
    #[inline(never)]
    fn gradient(gradients: &Gradients, x: &Array<T>) -> Option<Array<T>> {
        gradient::gradient(gradients, x)
    }
    #[inline(never)]
    fn set_gradient(gradients: &mut Gradients, x: &Array<T>, gradient: Array<T>) {
        gradient::set_gradient(gradients, x, gradient);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Float> CustomFunctions for Cpu<T> {
    fn custom(
        inputs: &[Array<T>],
        result: Array<T>,
        backward: impl Fn(Array<T>) -> Vec<Array<T>> + Send + Sync + 'static,
    ) -> Array<T> {
        let inputs: Vec<_> = inputs.iter().collect();
        Tape::new(&inputs, || Op::Custom(Arc::new(backward))).record(|| result.detached())
    }
}
