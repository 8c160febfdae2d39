//! Backward passes of reductions and broadcasting.

use crate::backend::{Binary, Float, Reduce, Value};
use crate::cpu::array::{Array, Layout};
use crate::cpu::ops::elementwise as forward;
use crate::cpu::ops::reduce::reduce;

/// The sum over the axes along which an array of these sizes was broadcast.
pub fn sum_to<T: Float>(gradient: Array<T>, sizes: &[usize]) -> Array<T> {
    if gradient.sizes() == sizes {
        return gradient;
    }
    let new_axes = gradient.sizes().len() - sizes.len();
    let inner = gradient.sizes()[new_axes..].to_vec();
    let mut sum = gradient;
    if new_axes > 0 {
        let repeats = sum.sizes()[..new_axes].iter().product();
        sum = reduce(Reduce::Sum, &sum.reshape(&[&[repeats], inner.as_slice()].concat()), 0);
    }
    for axis in (0..sizes.len()).filter(|&axis| sizes[axis] != inner[axis]) {
        let mut kept = sum.sizes().to_vec();
        kept[axis] = 1;
        sum = reduce(Reduce::Sum, &sum, axis).reshape(&kept);
    }
    sum
}

/// Of many elements made one along an axis of an array of these sizes; and of that array and the result, where needed.
pub fn reduced<T: Float>(
    op: Reduce,
    of: Option<(&Array<T>, &Array<T>)>,
    sizes: &[usize],
    axis: usize,
    gradient: &Array<T>,
) -> Array<T> {
    let repeat = |of_result: &Array<T>| {
        let one = Layout::joined(&sizes[..axis], &[1]);
        of_result.reshape(&[one.sizes(), &sizes[axis + 1..]].concat()).broadcast(sizes)
    };
    let times = |factor: f64| {
        let factor = T::from_value(Value::Float(factor / sizes[axis] as f64));
        repeat(&forward::binary_scalar(Binary::Mul, gradient.clone(), factor))
    };
    match (op, of) {
        (Reduce::Mean, _) => times(1.0),
        (Reduce::Variance, Some((x, _))) if sizes[axis] > 0 => {
            // From the first, as the variance: those of equal numbers are zero.
            let first = x.narrow(axis, 0, 1).broadcast(sizes);
            let from_first = forward::binary(Binary::Sub, x.clone(), first);
            let mean = repeat(&reduce(Reduce::Mean, &from_first, axis));
            let distance = forward::binary(Binary::Sub, from_first, mean);
            forward::binary(Binary::Mul, distance, times(2.0))
        }
        (Reduce::Max | Reduce::Min, Some((x, result))) => {
            // Equals share it.
            let result = repeat(result);
            let (x, result) = (x.elements(), result.elements());
            let chosen: Vec<bool> = x.iter().zip(result.iter()).map(|(x, result)| x == result).collect();
            let counted = chosen.iter().map(|&chosen| if chosen { T::one() } else { T::zero() });
            let count = reduce(Reduce::Sum, &Array::collect(sizes, counted), axis);
            let share = repeat(&forward::binary(Binary::Div, gradient.clone(), count));
            forward::select(&Array::from_vec(chosen, sizes), &share, &Array::full(T::zero(), sizes))
        }
        _ => repeat(gradient),
    }
}
