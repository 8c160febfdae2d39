//! What is calculated of each element and all before it.

use super::rows::SumOf;
use crate::backend::{ArrayOf, Backend, Binary, Float, Number, Scan, Value, With};
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

/// See [`Backend::linear_recurrence`]: in the same steps, each of which makes one of two such maps, `decay · h + x` of
/// `decay' · h + x'` ([Blelloch 1990](https://doi.org/10.1184/R1/6608579.v1)).
pub fn linear_recurrence<B: Backend<Elem: Float>>(decay: &ArrayOf<B>, x: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let [decay, x] = [decay, x].map(|array| B::cast::<SumOf<B>>(array));
    With::<B, SumOf<B>>::cast::<B::Elem>(&chained::<With<B, SumOf<B>>>(decay, x, axis))
}

fn chained<B: Backend<Elem: Number>>(mut decay: ArrayOf<B>, mut x: ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let size = B::sizes(&x)[axis];
    let times = |x, y| B::binary(Binary::Mul, x, y);
    let mut step = 1;
    while step < size {
        let (first, reached) = ((0, step), (step, size - step));
        let part = |array: &ArrayOf<B>, (start, len)| B::narrow(array, axis, start, len);
        let before = |array: &ArrayOf<B>| part(array, (0, size - step));
        let later = part(&decay, reached);
        let carried = times(later.clone(), before(&x));
        x = B::concat(&[&part(&x, first), &B::binary(Binary::Add, carried, part(&x, reached))], axis);
        if 2 * step < size {
            decay = B::concat(&[&part(&decay, first), &times(later, before(&decay))], axis);
        }
        step *= 2;
    }
    x
}
