//! What is chosen of an axis.

use super::elementwise::positions;
use super::repeated;
use super::scatter::take_along;
use crate::backend::{ArrayOf, Backend, Compare, Number, Reduce, With, constant};

/// See [`Backend::pick`].
pub fn pick<B: Backend>(x: &ArrayOf<B>, ids: &ArrayOf<B, u32>) -> ArrayOf<B> {
    let sizes = With::<B, u32>::sizes(ids).to_vec();
    let column = With::<B, u32>::reshape(ids, &[&sizes[..], &[1]].concat());
    B::reshape(&take_along::<B>(x, sizes.len(), &column), &sizes)
}

/// See [`Backend::argmax`].
pub fn argmax<B: Backend<Elem: Number>>(x: &ArrayOf<B>, axis: usize) -> ArrayOf<B, u32> {
    position_of::<B>(Reduce::Max, x, axis)
}

/// The position of the smallest element along the axis, which goes: the first of equals; NaN counts as the smallest. The axis is
/// not empty.
pub fn argmin<B: Backend<Elem: Number>>(x: &ArrayOf<B>, axis: usize) -> ArrayOf<B, u32> {
    position_of::<B>(Reduce::Min, x, axis)
}

/// The first position of the largest or of the smallest.
fn position_of<B: Backend<Elem: Number>>(op: Reduce, x: &ArrayOf<B>, axis: usize) -> ArrayOf<B, u32> {
    let sizes = B::sizes(x).to_vec();
    let extreme = repeated::<B>(&B::reduce(op, x, axis), axis, &sizes);
    first_of::<B>(&is_extreme::<B>(x, &extreme), &positions::<B>(axis, &sizes, x), axis)
}

/// How many conditions hold along the axis, which goes.
pub fn count<B: Backend<Elem = bool>>(conditions: &ArrayOf<B>, axis: usize) -> ArrayOf<B, u32> {
    With::<B, u32>::reduce(Reduce::Sum, &numbers::<B>(conditions), axis)
}

/// Whether any condition holds along the axis, which goes.
pub fn any<B: Backend<Elem = bool>>(conditions: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    is_some::<B>(Reduce::Max, conditions, axis)
}

/// Whether all conditions hold along the axis, which goes.
pub fn all<B: Backend<Elem = bool>>(conditions: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    is_some::<B>(Reduce::Min, conditions, axis)
}

fn is_some<B: Backend<Elem = bool>>(op: Reduce, conditions: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    With::<B, u32>::compare_scalar(Compare::NotEqual, &With::<B, u32>::reduce(op, &numbers::<B>(conditions), axis), 0)
}

/// 1 where the condition holds, and 0 elsewhere.
fn numbers<B: Backend<Elem = bool>>(conditions: &ArrayOf<B>) -> ArrayOf<B, u32> {
    let full = |value| With::<B, u32>::filled(value, B::sizes(conditions), &B::device(conditions));
    With::<B, u32>::select(conditions, &full(1), &full(0))
}

/// Whether each element is the largest, or the smallest, which may be NaN.
fn is_extreme<B: Backend<Elem: Number>>(x: &ArrayOf<B>, extreme: &ArrayOf<B>) -> ArrayOf<B, bool> {
    let (is_equal, is_nan) = (B::compare(Compare::Equal, x, extreme), B::compare(Compare::NotEqual, x, x));
    With::<B, bool>::select(&is_nan, &is_nan, &is_equal)
}

/// The first of the positions along the axis where the condition holds; the size of the axis if it holds nowhere.
fn first_of<B: Backend>(holds: &ArrayOf<B, bool>, positions: &ArrayOf<B, u32>, axis: usize) -> ArrayOf<B, u32> {
    let sizes = With::<B, u32>::sizes(positions);
    let none = With::<B, u32>::filled(sizes[axis] as u32, sizes, &With::<B, u32>::device(positions));
    With::<B, u32>::reduce(Reduce::Min, &With::<B, u32>::select(holds, positions, &none), axis)
}

/// See [`Backend::top_k`]: the largest is found `k` times, each time of what was not found before.
pub fn top_k<B: Backend<Elem: Number>>(x: &ArrayOf<B>, k: usize) -> (ArrayOf<B>, ArrayOf<B, u32>) {
    let sizes = B::sizes(x).to_vec();
    let axis = sizes.len() - 1;
    let device = B::device(x);
    let mut found = sizes.clone();
    found[axis] = 1;
    if k == 0 {
        found[axis] = 0;
        let empty = With::<B, u32>::from_elements(Vec::new(), &found, &device);
        return (B::narrow(x, axis, 0, 0), empty);
    }
    let lowest = B::filled(constant(f64::NEG_INFINITY), &sizes, &device);
    let positions = positions::<B>(axis, &sizes, x);
    let nowhere = With::<B, bool>::filled(false, &sizes, &device);
    let mut is_taken = nowhere.clone();
    let (mut values, mut ids) = (Vec::new(), Vec::new());
    for _ in 0..k {
        let left = B::select(&is_taken, &lowest, x);
        let largest = repeated::<B>(&B::reduce(Reduce::Max, &left, axis), axis, &sizes);
        let is_largest = With::<B, bool>::select(&is_taken, &nowhere, &is_extreme::<B>(&left, &largest));
        let id = first_of::<B>(&is_largest, &positions, axis);
        let repeated_id = repeated::<With<B, u32>>(&id, axis, &sizes);
        let is_new = With::<B, u32>::compare(Compare::Equal, &positions, &repeated_id);
        is_taken = With::<B, bool>::select(&is_new, &is_new, &is_taken);
        values.push(B::reshape(&B::pick(x, &id), &found));
        ids.push(With::<B, u32>::reshape(&id, &found));
    }
    let join = |parts: &[ArrayOf<B>]| B::concat(&parts.iter().collect::<Vec<_>>(), axis);
    let joined_ids = With::<B, u32>::concat(&ids.iter().collect::<Vec<_>>(), axis);
    (join(&values), joined_ids)
}
