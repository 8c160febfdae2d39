//! Backward passes of what ids choose and put.

use crate::backend::Float;
use crate::cpu::array::Array;
use crate::cpu::ops::gather::put;

/// Rows of these sizes of zeros, but for elements at some positions of each.
pub fn add_elements<T: Float>(gradient: &Array<T>, positions: &Array<u32>, sizes: &[usize]) -> Array<T> {
    let size = *sizes.last().expect("a last axis");
    let count = *positions.sizes().last().expect("a last axis");
    let (elements, positions) = (gradient.elements(), positions.elements());
    Array::build(sizes, |out| {
        out.fill(T::zero());
        for (at, (&x, &position)) in elements.iter().zip(positions.iter()).enumerate() {
            out[at / count * size + position as usize] = x;
        }
    })
}

/// Of an array and of what was put into it: that of what is left of each.
pub fn put_along<T: Float>(gradient: Array<T>, places: &[usize], sizes: &[usize]) -> [Array<T>; 2] {
    let elements = gradient.elements();
    let mut is_left = vec![true; elements.len()];
    let mut of_values: Vec<T> = places
        .iter()
        .rev()
        .map(|&place| if std::mem::take(&mut is_left[place]) { elements[place] } else { T::zero() })
        .collect();
    of_values.reverse();
    drop(elements);
    let zeros = Array::full(T::zero(), sizes);
    [put(gradient, places, &zeros), Array::from_vec(of_values, sizes)]
}
