//! What is calculated of each element and all before it.

use super::rows::SumOf;
use crate::backend::{ArrayOf, Backend, Binary, Number, Scan, Value, With};
use num_traits::Zero;

/// See [`Backend::scan`]: in steps that reach twice as far each time
/// ([Hillis and Steele 1986](https://doi.org/10.1145/7902.7903)). A product is never divided, so that its gradients are right
/// where an element is zero.
pub fn scan<B: Backend<Elem: Number>>(op: Scan, x: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let op = match op {
        Scan::Sum => Binary::Add,
        Scan::Product => Binary::Mul,
    };
    // Integers wrap around alike in their own type and in a wider one.
    if let Value::Integer(_) = B::Elem::zero().to_value() {
        return doubled::<B>(op, x.clone(), axis);
    }
    let found = doubled::<With<B, SumOf<B>>>(op, B::cast::<SumOf<B>>(x), axis);
    With::<B, SumOf<B>>::cast::<B::Elem>(&found)
}

fn doubled<B: Backend<Elem: Number>>(op: Binary, mut x: ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let size = B::sizes(&x)[axis];
    let mut step = 1;
    while step < size {
        let before = B::narrow(&x, axis, 0, size - step);
        let reached = B::binary(op, before, B::narrow(&x, axis, step, size - step));
        x = B::concat(&[&B::narrow(&x, axis, 0, step), &reached], axis);
        step *= 2;
    }
    x
}
