//! The backward pass of linear recurrences.

use crate::backend::{Binary, Float};
use crate::cpu::array::Array;
use crate::cpu::ops::elementwise;
use crate::cpu::ops::join;
use crate::cpu::ops::recurrence::linear_recurrence;
use crate::cpu::ops::scan::From;

/// The gradient of each state is a recurrence from the end; that of an input is the same, and that of a decay is it times the
/// state before.
pub fn recurrence<T: Float>(
    decay: &Array<T>,
    states: &Array<T>,
    axis: usize,
    gradient: &Array<T>,
    needs_grad: &[bool],
) -> Vec<Option<Array<T>>> {
    let of_states = linear_recurrence(decay, gradient, axis, From::End);
    let of_decay = needs_grad[0].then(|| {
        let size = states.sizes()[axis];
        if size == 0 {
            return of_states.clone();
        }
        let mut first = states.sizes().to_vec();
        first[axis] = 1;
        let before = join::concat(&[&Array::full(T::zero(), &first), &states.narrow(axis, 0, size - 1)], axis);
        elementwise::binary(Binary::Mul, of_states.clone(), before)
    });
    vec![of_decay, Some(of_states)]
}
