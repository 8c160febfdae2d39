//! Backward passes of slices of an array.

use crate::backend::{Binary, Float, Number};
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, Operand, generic};
use crate::cpu::ops::join;

/// Of an array with a part replaced, and of that part.
pub fn update_slice<T: Float>(gradient: Array<T>, sizes: &[usize], starts: &[usize]) -> Vec<Option<Array<T>>> {
    let narrow = |x: Array<T>, axis: usize| x.narrow(axis, starts[axis], sizes[axis]);
    let part = (0..sizes.len()).fold(gradient.clone(), narrow);
    let rest = join::update_slice(gradient, &Array::full(T::zero(), sizes), starts);
    vec![Some(rest), Some(part)]
}

/// `x`, to a part of which another array is added.
pub fn add_slice<T: Number>(x: Array<T>, part: &Array<T>, starts: &[usize]) -> Array<T> {
    let mut x = x.unshared();
    let (to, from) = (*x.layout(), part.layout());
    if from.len() > 0 {
        let start = to.start(starts) - to.offset;
        let elements = x.as_mut_slice().expect("nobody else holds it");
        let part = part.elements();
        add(&mut elements[start..], to.strides(), &part, from.sizes());
    }
    x
}

/// Adds row-major elements to those that lie at these strides, the last of which is 1.
fn add<T: Number>(to: &mut [T], strides: &[usize], from: &[T], sizes: &[usize]) {
    match (strides, sizes) {
        ([stride, strides @ ..], [size, inner @ ..]) if !inner.is_empty() => {
            let run = inner.iter().product();
            for (i, from) in from.chunks_exact(run).enumerate().take(*size) {
                add(&mut to[i * stride..], strides, from, inner);
            }
        }
        _ => generic::binary(Binary::Add, InOut::in_place(&mut to[..from.len()]), Operand::Slice(from), false),
    }
}
